;; The way back from what scripts/pack-bytes.mjs has packed; a cold page's JavaScript would take ten times as long. At 0
;; are the 256 bytes, the frequent ones first; the text from $at to $end becomes bytes from $to on.
(module
  (memory (export "memory") 1)
  (func (export "unpack") (param $at i32) (param $end i32) (param $to i32)
    (local $code i32) (local $rank i32)
    (loop $next
      (local.set $code (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $code) (i32.const 33)) ;; "!": the next is rare
        (then (local.set $rank (i32.const 89)))
        (else (if (i32.eq (local.get $code) (i32.const 126)) ;; "~": the next is among the rarest
          (then (local.set $rank (i32.const 178)))
          (else
            ;; The alphabet begins with "#" and leaves out the backslash and the backtick.
            (i32.store8 (local.get $to) (i32.load8_u (i32.sub (i32.sub (i32.sub
              (i32.add (local.get $rank) (local.get $code))
              (i32.const 35))
              (i32.gt_u (local.get $code) (i32.const 92)))
              (i32.gt_u (local.get $code) (i32.const 96)))))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $rank (i32.const 0))))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))))
