type Name =
  | "runJob"
  | "add"
  | "map"
  | "getRunningJob"
  | "getLastJob"
  | "forget"
  | "getJob"
  | "jobs"
  | "stopJob"
  | "stopAll"
  | "stopPending"
  | "pause"
  | "resume"
  | "onEmpty"
  | "onPendingBelow"
  | "onIdle"
  | "subscribe"
  | "getSnapshot"
  | "onKeyChange"
  | "onJobEnded"
  | "events"
  | "close";
// biome-ignore lint/suspicious/noExplicitAny: methods of every type.
type Methods = Record<Name, (...args: any[]) => any>;

/** Every method works detached. Named one by one: in a loop, V8 would make the manager a slow dictionary. */
export function bindMethods(manager: Methods): void {
  manager.runJob = manager.runJob.bind(manager);
  manager.add = manager.add.bind(manager);
  manager.map = manager.map.bind(manager);
  manager.getRunningJob = manager.getRunningJob.bind(manager);
  manager.getLastJob = manager.getLastJob.bind(manager);
  manager.forget = manager.forget.bind(manager);
  manager.getJob = manager.getJob.bind(manager);
  manager.jobs = manager.jobs.bind(manager);
  manager.stopJob = manager.stopJob.bind(manager);
  manager.stopAll = manager.stopAll.bind(manager);
  manager.stopPending = manager.stopPending.bind(manager);
  manager.pause = manager.pause.bind(manager);
  manager.resume = manager.resume.bind(manager);
  manager.onEmpty = manager.onEmpty.bind(manager);
  manager.onPendingBelow = manager.onPendingBelow.bind(manager);
  manager.onIdle = manager.onIdle.bind(manager);
  manager.subscribe = manager.subscribe.bind(manager);
  manager.getSnapshot = manager.getSnapshot.bind(manager);
  manager.onKeyChange = manager.onKeyChange.bind(manager);
  manager.onJobEnded = manager.onJobEnded.bind(manager);
  manager.events = manager.events.bind(manager);
  manager.close = manager.close.bind(manager);
}
