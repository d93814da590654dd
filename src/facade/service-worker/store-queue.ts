// The shared queue as its store has it. Nothing is kept in memory: the worker may end at any moment.

import { invalidParams, UnknownJobTypeError } from "../errors.js";
import type { HandledQueue, RequestedOptions } from "../http/queue.js";
import { checkId } from "../runner/job-id.js";
import { judged } from "../runner/judged.js";
import { compareRanks } from "../runner/rank.js";
import type { TypeDescription, WatchEvent } from "../runner/types.js";
import { Channel } from "../shared/channel.js";
import { openDatabase } from "../shared/database.js";
import { outdatedStore, storageError } from "../shared/errors.js";
import { newId } from "../shared/new-id.js";
import { newRow } from "../shared/new-row.js";
import { AT, isOver, PENDING, POLICY, type Row } from "../shared/numbers.js";
import { listed, recordOf, statsOf } from "../shared/records.js";
import { type Draft, needEnded, needJob, Requests, type Seen } from "../shared/requests.js";
import type { App, Storage, StoredJob, StoredType } from "../shared/rows.js";
import type { SharedRecord } from "../shared/types.js";
import { watchStream } from "../shared/watch.js";
import { textOf } from "../support/look.js";
import { wallNow } from "../support/time.js";
import type { ManagerStats, Unsubscribe } from "../types.js";
import { type StoreRules, storeRules } from "./wasm.js";
import { Watches } from "./watches.js";

/** Where no tab has said yet what its app is. */
const UNSAID: App = { types: [], concurrency: 3, maxPending: Infinity, retain: 1000 };

const record = (job: StoredJob): SharedRecord => recordOf(job, true, undefined);

export class StoreQueue implements HandledQueue {
  private readonly name: string;
  /** Not before the first request: a script that is looked at outside of a worker opens nothing. */
  private readonly channel: () => Channel;
  private opened: Promise<Storage> | undefined = undefined;
  /** Newer code has the store. */
  private isOutdated = false;
  private readonly watches = new Watches((ids) => this.readJobs(ids));

  constructor(name: string) {
    this.name = name;
    let channel: Channel | undefined;
    this.channel = () => {
      channel ??= new Channel(name, ({ hint }) => hint && void this.watches.look());
      return channel;
    };
  }

  // ── the store ───────────────────────────────────────────────────────────────────────────────

  private open(): Promise<Storage> {
    if (this.opened !== undefined) return this.opened;
    const forget = () => {
      if (this.opened === opening) this.opened = undefined;
    };
    const outdated = () => {
      this.isOutdated = true;
    };
    this.isOutdated = false;
    const opening = openDatabase(this.name, "relaxed", { outdated, lost: forget });
    this.opened = opening;
    opening.catch(forget);
    return opening;
  }

  private async ask<T>(body: (storage: Storage) => Promise<T>): Promise<T> {
    const opening = this.open();
    try {
      return await body(await opening);
    } catch (error) {
      // After a failed transaction the database may be another.
      if (this.opened === opening) this.opened = undefined;
      opening.then(
        (storage) => storage.close(),
        () => {},
      );
      throw storageError(error, false);
    }
  }

  private readJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    return this.ask((storage) => storage.transact(false, (rows) => Promise.all(ids.map((id) => rows.job(id)))));
  }

  private readAll(): Promise<StoredJob[]> {
    return this.ask((storage) => storage.transact(false, (rows) => rows.changedSince(0)));
  }

  private async app(): Promise<App> {
    return (await this.ask((storage) => storage.transact(false, (rows) => rows.app()))) ?? UNSAID;
  }

  /** Writes, and tells the tabs. */
  private async change<T extends { readonly seen: Seen }>(body: (requests: Requests) => Promise<T>): Promise<T> {
    const { retain } = await this.app();
    const answer = await this.ask((storage) => body(new Requests(storage, storeRules(), retain)));
    const { jobs, gone } = answer.seen;
    if (jobs.length > 0 || gone.length > 0) this.channel().say({ hint: true });
    void this.watches.look();
    return answer;
  }

  // ── what is asked ───────────────────────────────────────────────────────────────────────────

  async createJob(
    type: string,
    params: Record<string, unknown> = {},
    { id: wanted, key, priority, delay }: RequestedOptions = {},
  ): Promise<SharedRecord> {
    const rules = storeRules();
    const id = checkId(wanted, rules.isId);
    const app = await this.app();
    const known = typeOf(app, type);
    const valid = validParams(rules, known, params);
    const row = newRow(rules, known.version, { priority, delay });
    return this.create(
      { id: id ?? newId(), isOwnId: id === undefined, type, params: valid, row, key, policy: POLICY.join },
      app,
    );
  }

  async retryJob(id: string): Promise<SharedRecord> {
    const [stored] = await this.readJobs([id]);
    const job = needEnded(id, stored);
    const rules = storeRules();
    const app = await this.app();
    const { type } = job;
    const known = typeOf(app, type);
    const from = job.row[AT.version]!;
    // Those of another version are brought to its own by the tab that runs it.
    const params = known.version === from ? validParams(rules, known, job.params) : job.params;
    const row: Row = Array.from(rules.again(Float64Array.from(job.row), from, wallNow()));
    return this.create({ id: newId(), isOwnId: true, type, params, row, key: undefined, policy: POLICY.join }, app);
  }

  private async create(draft: Draft, { maxPending }: App): Promise<SharedRecord> {
    if (this.isOutdated) throw outdatedStore();
    const { value } = await this.change((requests) => requests.create([draft], maxPending));
    const [created] = value;
    if (created !== undefined && "job" in created) return record(created.job);
    throw created;
  }

  async getJob(id: string): Promise<SharedRecord | undefined> {
    const [job] = await this.readJobs([id]);
    return job && record(job);
  }

  private async need(id: string): Promise<StoredJob> {
    const [job] = await this.readJobs([id]);
    return needJob(id, job);
  }

  async getAllJobs(): Promise<readonly SharedRecord[]> {
    const jobs = await this.readAll();
    const rules = storeRules();
    const wall = wallNow();
    const pending = jobs
      .filter(({ row }) => row[AT.status] === PENDING)
      .map((job) => ({ job, place: rules.place(Float64Array.from(job.row), wall) }))
      .sort((one, other) => compareRanks(one.place, other.place));
    return listed(
      jobs,
      pending.map(({ job }) => job),
    ).map(record);
  }

  async cancelJob(id: string): Promise<boolean> {
    return (await this.change((requests) => requests.stop({ id }, undefined))).isAsked;
  }

  async getQueueStats(): Promise<ManagerStats> {
    return statsOf(await this.readAll());
  }

  async getWorkerStats(): Promise<{ readonly active: number; readonly capacity: number }> {
    const { running } = await this.getQueueStats();
    return { active: running, capacity: (await this.app()).concurrency };
  }

  async getJobTypes(): Promise<readonly TypeDescription[]> {
    return (await this.app()).types;
  }

  async watch(id: string): Promise<ReadableStream<WatchEvent>> {
    const job = await this.need(id);
    this.channel();
    if (!isOver(job.row)) this.watches.begin(job);
    return watchStream(this.watches, job);
  }

  /** What is asked is looked up each time. */
  subscribe(): Unsubscribe {
    return () => {};
  }

  getSnapshot(): { readonly connected: boolean } {
    return { connected: true };
  }
}

function typeOf({ types }: App, name: string): StoredType {
  const known = types.find((type) => type.name === name);
  if (known === undefined) throw new UnknownJobTypeError(`There is no job type "${textOf(name)}"`);
  return known;
}

function validParams(rules: StoreRules, { name, params: specs }: StoredType, params: unknown): Record<string, unknown> {
  const validation = judged(params, (given) => rules.validate(specs, given));
  if (validation === undefined) throw new UnknownJobTypeError(`The params of the job type "${name}" make no sense`);
  if (!validation.valid) throw invalidParams(validation.errors);
  return validation.params;
}
