// What is done to a job in the store in one step, so that it has one truth whoever asks. Beside BullMQ's own keys each
// scope has three: `live` and `done`, sorted sets of its jobs by number and by end, and `counts`. A job's own fields in
// BullMQ's hash begin with "jg:". A job that BullMQ has ended moves from `live` to `done` when it is next read. One that is
// let go of lies under `gone:` for a while: not all may have read how it ended.

const LONGEST_CONTROL = 10_000;
/** Milliseconds for which it can still be read how a job ended that was let go of. */
const AFTERLIFE = 10_000;
/** The latest ended ones that are looked at before a scope is taken for full. */
const LATEST = 1000;

/** KEYS: what BullMQ's keys begin with, what the scope's begin with. ARGV[1]: the job, where there is one. */
const COMMON = `
local bull, scope = KEYS[1], KEYS[2]
local live, done, counts = scope .. "live", scope .. "done", scope .. "counts"
local call = redis.call

local function tell(...)
  call("XADD", bull .. "control", "MAXLEN", "~", ${LONGEST_CONTROL}, "*", ...)
end

local function remove(id)
  call("ZREM", done, id)
  call("ZREM", bull .. "completed", id)
  call("ZREM", bull .. "failed", id)
  if call("HEXISTS", bull .. id, "finishedOn") == 1 then
    call("RENAME", bull .. id, scope .. "gone:" .. id)
    call("PEXPIRE", scope .. "gone:" .. id, ${AFTERLIFE})
  end
  call("DEL", bull .. id, bull .. id .. ":logs")
  tell("type", "removed", "id", id)
end

-- Where a job waits, and its place there; "active" for one that does not.
local function placeOf(id)
  local score = call("ZSCORE", bull .. "prioritized", id)
  if score then return "ready", score end
  score = call("ZSCORE", bull .. "delayed", id)
  if score then return "delayed", score end
  for at, list in ipairs({"wait", "paused"}) do
    score = call("LPOS", bull .. list, id)
    if score then return "first", -tonumber(score) end
  end
  return "active", "0"
end

local function trim()
  local retain = tonumber(call("HGET", counts, "retain"))
  if not retain then return end
  local beyond = call("ZCARD", done) - retain
  if beyond <= 0 then return end
  for _, id in ipairs(call("ZRANGE", done, 0, math.min(beyond, 200) - 1)) do remove(id) end
end

-- It has ended: counted once. Of one that was asked to, BullMQ may say something else.
local function settle(id, finished, outcome, ending)
  if call("ZREM", live, id) == 0 then return end
  if ending then call("HSET", bull .. id, "failedReason", ending) end
  call("ZADD", done, finished, id)
  call("HINCRBY", counts, outcome, 1)
  call("HDEL", bull .. id, "jg:stop", "jg:ending", "jg:sealed")
  trim()
end

local function fieldsOf(key)
  return call("HMGET", key, "name", "data", "timestamp", "processedOn", "finishedOn", "progress",
    "returnvalue", "failedReason", "ats", "pb", "jg:started", "jg:stop", "jg:priority", "jg:number", "atm")
end

local function read(id)
  local fields = fieldsOf(bull .. id)
  if not fields[1] then
    if call("ZREM", live, id) + call("ZREM", done, id) > 0 then tell("type", "removed", "id", id) end
    fields = fieldsOf(scope .. "gone:" .. id)
    return fields[1] and {"gone", "0", unpack(fields, 1, 15)}
  end
  local place, score = "done", "0"
  local finished = fields[5]
  if finished then
    if fields[7] then settle(id, finished, "completed")
    elseif fields[8] and string.sub(fields[8], 1, 12) == '{"cancelled"' then settle(id, finished, "cancelled")
    else
      -- Who asked it to end was told yes, and it has lost its last worker instead.
      local ending = fields[12] and call("HGET", bull .. id, "jg:ending")
      if ending then fields[8] = ending end
      settle(id, finished, ending and "cancelled" or "failed", ending)
    end
  else
    -- One of BullMQ's own tools has started it again.
    if call("ZREM", done, id) == 1 then call("ZADD", live, fields[14] or 0, id) end
    place, score = placeOf(id)
  end
  return {place, tostring(score), unpack(fields, 1, 15)}
end

-- Moves all that have ended: one look at each that is thought to live.
local function sweep()
  for _, id in ipairs(call("ZRANGE", live, 0, -1)) do
    if call("HEXISTS", bull .. id, "finishedOn") == 1 then read(id) end
  end
end

-- The latest ended ones: those of which nobody has read yet are among them.
local function settleLatest()
  for _, list in ipairs({"completed", "failed"}) do
    for _, id in ipairs(call("ZREVRANGE", bull .. list, 0, ${LATEST} - 1)) do
      if call("ZSCORE", live, id) then read(id) end
    end
  end
end

-- Of the scope, whose name is the last part of its keys.
local function runningCount()
  local suffix, count = "@" .. string.match(scope, "([^:]*):$"), 0
  for _, id in ipairs(call("LRANGE", bull .. "active", 0, -1)) do
    if string.sub(id, -#suffix) == suffix then count = count + 1 end
  end
  return count
end
`;

/** After BullMQ's own script has added it, in the same transaction: a new one is numbered, or taken back where too many wait. */
const ADMIT = `
local id, maxPending, retain, priority = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
if call("EXISTS", bull .. id) == 0 then return {"missing"} end
local isNew = not call("ZSCORE", live, id) and not call("ZSCORE", done, id)
if isNew then
  if call("ZCARD", live) >= maxPending then settleLatest() end
  if call("ZCARD", live) >= maxPending and call("ZCARD", live) - runningCount() >= maxPending then
    call("ZREM", bull .. "prioritized", id)
    call("ZREM", bull .. "delayed", id)
    remove(id)
    return {"full"}
  end
  local number = call("HINCRBY", counts, "total", 1)
  call("ZADD", live, number, id)
  call("HSET", bull .. id, "jg:number", number, "jg:priority", priority)
  if retain == "" then call("HDEL", counts, "retain") else call("HSET", counts, "retain", retain) end
end
return {isNew and "new" or "known", read(id)}
`;

const READ = `
local jobs = {}
for at, id in ipairs(ARGV) do jobs[at] = read(id) end
return jobs
`;

/** Of all that have not ended where they are; the ended ones follow, newest first. */
const ORDER = `
local places = {}
for _, id in ipairs(call("ZRANGE", live, 0, -1)) do
  local place, score = placeOf(id)
  if place == "active" and call("HGET", bull .. id, "finishedOn") then
    read(id)
  else
    places[#places + 1] = id
    places[#places + 1] = place
    places[#places + 1] = tostring(score)
  end
end
return {places, call("ZREVRANGE", done, 0, -1)}
`;

const COUNTS = `
sweep()
local ended = call("HMGET", counts, "completed", "failed", "cancelled", "total")
return {call("ZCARD", live), runningCount(), ended[1] or "0", ended[2] or "0", ended[3] or "0", ended[4] or "0"}
`;

const END_PENDING = `
local function endPending(id, place, now, ending)
  local prev = place == "delayed" and "delayed" or place == "ready" and "prioritized" or "waiting"
  call("ZREM", bull .. "prioritized", id)
  call("ZREM", bull .. "delayed", id)
  call("LREM", bull .. "wait", 0, id)
  call("LREM", bull .. "paused", 0, id)
  call("HSET", bull .. id, "finishedOn", now, "failedReason", ending)
  call("HDEL", bull .. id, "defa")
  call("ZADD", bull .. "failed", now, id)
  call("XADD", bull .. "events", "*", "event", "failed", "jobId", id, "failedReason", ending, "prev", prev)
  settle(id, now, "cancelled")
end
`;

/**
 * 0: unknown or ended, 1: it was pending and has ended, 2: it runs, and is asked to end. The last of ARGV names this call:
 * the driver sends it again where its answer got lost, and what it has done itself meanwhile is no "no".
 */
const CANCEL = `${END_PENDING}
local id, now, reason, ending, asker = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = bull .. id
local fields = call("HMGET", key, "name", "finishedOn", "jg:sealed", "ats", "jg:stop", "jg:asker")
if fields[6] == asker then return 2 end
if not fields[1] or fields[2] then return 0 end
local place = placeOf(id)
if place == "active" and fields[3] and fields[3] == fields[4] then return 0 end
call("HSET", key, "jg:asker", asker)
if place ~= "active" then
  endPending(id, place, now, ending)
  return 1
end
if not fields[5] then
  call("HSET", key, "jg:stop", reason, "jg:ending", ending)
  tell("type", "stop", "id", id, "reason", reason)
end
return 2
`;

/** It was asked to end while it ran, and has come to wait again. */
const END_IF_ASKED = `${END_PENDING}
local id = ARGV[1]
local fields = call("HMGET", bull .. id, "finishedOn", "jg:ending")
if fields[1] or not fields[2] then return 0 end
local place = placeOf(id)
if place == "active" then return 0 end
endPending(id, place, ARGV[2], fields[2])
return 1
`;

/** 0: unknown or ended. One that waits goes to the back of its new level; at the level that it has it stays. */
const PRIORITY = `
local id, level, priority = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local key = bull .. id
local fields = call("HMGET", key, "name", "finishedOn", "jg:priority")
if not fields[1] or fields[2] then return 0 end
if fields[3] ~= priority and call("ZREM", bull .. "prioritized", id) == 1 then
  local turn = call("INCR", bull .. "pc")
  call("ZADD", bull .. "prioritized", level * 0x100000000 + turn % 0x100000000, id)
end
call("HSET", key, "priority", level, "jg:priority", priority)
tell("type", "priority", "id", id)
return 1
`;

/** How many were let go of, some at a time; ARGV[1]: at most. */
const CLEAR = `
sweep()
local gone = call("ZRANGE", done, 0, tonumber(ARGV[1]) - 1)
for _, id in ipairs(gone) do remove(id) end
return #gone
`;

/** Likewise, of these. */
const CLEAR_THESE = `
local count = 0
for _, id in ipairs(ARGV) do
  if call("ZSCORE", done, id) then
    remove(id)
    count = count + 1
  end
end
return count
`;

/** An attempt begins. Answers with the reason to stop, where it has been asked to. */
const START = `
local key = bull .. ARGV[1]
if call("GET", key .. ":lock") ~= ARGV[2] then return {"lost"} end
-- As it was read until now.
call("HSETNX", key, "jg:started", call("HGET", key, "processedOn"))
return {"held", call("HGET", key, "jg:stop")}
`;

/** Its last attempt has ended: from here on it is too late to cancel it, unless that has been asked already. */
const SEAL = `
local key = bull .. ARGV[1]
if call("GET", key .. ":lock") ~= ARGV[2] then return {"lost"} end
local stop = call("HGET", key, "jg:stop")
if not stop then call("HSET", key, "jg:sealed", ARGV[3]) end
return {"held", stop}
`;

/** What a body says, of whoever has the lock: its progress as JSON, and lines of its log, each with its time. */
const TELL = `
local id, progress = ARGV[1], ARGV[3]
local key = bull .. id
if call("GET", key .. ":lock") ~= ARGV[2] then return 0 end
if progress ~= "" then
  call("HSET", key, "progress", progress)
  local most = call("HGET", bull .. "meta", "opts.maxLenEvents") or 10000
  call("XADD", bull .. "events", "MAXLEN", "~", most, "*", "event", "progress", "jobId", id, "data", progress)
end
for at = 4, #ARGV, 2 do tell("type", "log", "id", id, "message", ARGV[at], "at", ARGV[at + 1]) end
return 1
`;

export const SCRIPTS = {
  jgAdmit: ADMIT,
  jgRead: READ,
  jgOrder: ORDER,
  jgCounts: COUNTS,
  jgCancel: CANCEL,
  jgEndIfAsked: END_IF_ASKED,
  jgPriority: PRIORITY,
  jgClear: CLEAR,
  jgClearThese: CLEAR_THESE,
  jgStart: START,
  jgSeal: SEAL,
  jgTell: TELL,
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** Each as Redis takes it. */
export const scriptEntries: readonly (readonly [ScriptName, { readonly numberOfKeys: 2; readonly lua: string }])[] = (
  Object.entries(SCRIPTS) as [ScriptName, string][]
).map(([name, lua]) => [name, { numberOfKeys: 2, lua: `${COMMON}${lua}` }]);
