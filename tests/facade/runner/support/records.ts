/** A job as a runner sends it that is pending and has never run. */
export const pendingRecord = (id: string, more: object = {}) => ({
  id,
  type: "x",
  params: {},
  status: "pending",
  progress: { percent: 0, message: "" },
  priority: 0,
  attempt: 0,
  created_at: 1,
  ...more,
});
