/** Case 5: one state update told to 1, 10 and 100 listeners. */
import EventEmitter from "eventemitter3";
import { JobManager, subject } from "jobgate";
import mitt from "mitt";
import { atom } from "nanostores";
import { BehaviorSubject, Subject } from "rxjs";
import { createActor, fromTransition } from "xstate";
import { FullManager } from "../floors/js-full.mjs";
import { blockedWork, expectEqual } from "../work.mjs";

export const title = "State update to listeners";
export const units = { time: "ns per update" };
export const notes = [
  "jobgate is setState in a job's body, heard through job.onStateChange; jobgate subject is subject().next.",
  "bare is a loop over an array, js-min a loop over a Set: neither survives a listener that throws or unsubscribes another.",
  "effect is left out: its PubSub and SubscriptionRef deliver in later turns of the event loop.",
];

export const variants = (quick) =>
  [1, 10, 100].map((listeners) => ({
    id: `${listeners} listener${listeners === 1 ? "" : "s"}`,
    listeners,
    n: Math.ceil((quick ? 20_000 : 200_000) / Math.sqrt(listeners)),
  }));

/** `open(listeners)` subscribes each of them and gives the function that makes updates 1 … n. */
const contender =
  (open) =>
  ({ n, listeners }) => {
    const heard = { times: 0, last: 0 };
    const hear = Array.from({ length: listeners }, () => (value) => {
      heard.times++;
      heard.last = value;
    });
    const { update, close } = open(hear);
    heard.times = 0; // a BehaviorSubject has told its first value
    return {
      run: () => update(n),
      check: () => {
        expectEqual("values heard", heard.times, n * listeners);
        expectEqual("last value", heard.last, n);
      },
      end: close,
    };
  };

export const contenders = {
  bare: contender((hear) => ({
    update: (n) => {
      for (let value = 1; value <= n; value++) for (let i = 0; i < hear.length; i++) hear[i](value);
    },
  })),

  "js-min": contender((hear) => {
    const listeners = new Set(hear);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) for (const listener of listeners) listener(value);
      },
    };
  }),

  "js-full": contender((hear) => {
    const work = blockedWork();
    let context;
    const body = (given) => {
      context = given;
      return work.body();
    };
    const { job } = new FullManager().runJob("job", body);
    for (const listener of hear) job.onStateChange(listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) context.setState(value);
      },
      close: work.release,
    };
  }),

  jobgate: contender((hear) => {
    const work = blockedWork();
    let context;
    const body = (given) => {
      context = given;
      return work.body();
    };
    const manager = new JobManager();
    const { job } = manager.runJob("job", body);
    for (const listener of hear) job.onStateChange(listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) context.setState(value);
      },
      close: () => {
        work.release();
        return manager.close();
      },
    };
  }),

  "jobgate subject": contender((hear) => {
    const states = subject();
    const unsubscribes = hear.map((listener) => states.listen(listener));
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) states.next(value);
      },
      close: () => {
        for (const unsubscribe of unsubscribes) unsubscribe();
      },
    };
  }),

  "rxjs Subject": contender((hear) => {
    const states = new Subject();
    for (const listener of hear) states.subscribe(listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) states.next(value);
      },
    };
  }),

  "rxjs BehaviorSubject": contender((hear) => {
    const states = new BehaviorSubject(0);
    for (const listener of hear) states.subscribe(listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) states.next(value);
      },
    };
  }),

  nanostores: contender((hear) => {
    const $state = atom(0);
    for (const listener of hear) $state.listen(listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) $state.set(value);
      },
    };
  }),

  mitt: contender((hear) => {
    const emitter = mitt();
    for (const listener of hear) emitter.on("state", listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) emitter.emit("state", value);
      },
    };
  }),

  eventemitter3: contender((hear) => {
    const emitter = new EventEmitter();
    for (const listener of hear) emitter.on("state", listener);
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) emitter.emit("state", value);
      },
    };
  }),

  xstate: contender((hear) => {
    const actor = createActor(fromTransition((_, event) => ({ value: event.value }), { value: 0 })).start();
    for (const listener of hear) actor.subscribe((snapshot) => listener(snapshot.context.value));
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) actor.send({ type: "SET", value });
      },
      close: () => actor.stop(),
    };
  }),

  EventTarget: contender((hear) => {
    const target = new EventTarget();
    for (const listener of hear) target.addEventListener("state", (event) => listener(event.detail));
    return {
      update: (n) => {
        for (let value = 1; value <= n; value++) target.dispatchEvent(new CustomEvent("state", { detail: value }));
      },
    };
  }),
};
