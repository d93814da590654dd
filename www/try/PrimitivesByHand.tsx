import { gate, subject, type Unsubscribe } from "jobgate";
import { useRef, useState } from "preact/hooks";
import { Button } from "../shared/components.tsx";

/** Lines that listeners wrote, newest last, and a way to add one. */
function useHeard(): [readonly string[], (line: string) => void] {
  const [heard, setHeard] = useState<readonly string[]>([]);
  return [heard, (line) => setHeard((before) => [...before, line].slice(-4))];
}

function Heard({ lines, id }: { lines: readonly string[]; id: string }) {
  return (
    <div class="heard" data-testid={id}>
      {lines.length === 0 ? (
        <span class="muted">Nothing heard yet.</span>
      ) : (
        lines.map((line, at) => <p key={at}>{line}</p>)
      )}
    </div>
  );
}

export function SubjectByHand() {
  const [values] = useState(() => subject<number>());
  const [heard, hear] = useHeard();
  const [listening, setListening] = useState<readonly Unsubscribe[]>([]);
  const next = useRef(1);
  const named = useRef(1);

  const add = () => {
    const name = `listener ${named.current++}`;
    setListening([...listening, values.listen((value) => hear(`${name} heard ${value}`))]);
  };
  const remove = () => {
    listening.at(-1)?.();
    setListening(listening.slice(0, -1));
  };
  return (
    <>
      <h3>
        <code>subject()</code>: who listens hears what comes next
      </h3>
      <div class="buttons">
        <Button onClick={add}>Add a listener</Button>
        <Button onClick={remove} disabled={listening.length === 0}>
          Remove one
        </Button>
        <Button onClick={() => values.next(next.current++)}>Next value</Button>
      </div>
      <p class="small muted">
        <code>listenerCount</code> is <span data-testid="listener-count">{values.listenerCount}</span>
      </p>
      <Heard lines={heard} id="subject-heard" />
    </>
  );
}

export function GateByHand() {
  const [barrier, setBarrier] = useState(() => gate());
  const [heard, hear] = useHeard();
  const [, redraw] = useState(0);
  const named = useRef(1);

  const listen = () => {
    const name = `listener ${named.current++}`;
    const late = barrier.isOpen;
    barrier.listen(() => hear(late ? `${name} came late and is called all the same` : `${name} hears it open`));
  };
  const open = () => {
    barrier.open();
    redraw((drawn) => drawn + 1);
  };
  return (
    <>
      <h3>
        <code>gate()</code>: opens once, and late is never too late
      </h3>
      <div class="buttons">
        <Button onClick={listen}>Listen to the gate</Button>
        <Button onClick={open} disabled={barrier.isOpen}>
          Open the gate
        </Button>
        <Button onClick={() => setBarrier(gate())}>A new gate</Button>
      </div>
      <p class="small muted">
        <code>isOpen</code> is <span data-testid="gate-open">{String(barrier.isOpen)}</span>
      </p>
      <Heard lines={heard} id="gate-heard" />
    </>
  );
}
