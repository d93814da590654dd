import { JobgateError } from "../errors.js";

/**
 * What a session refuses or a run fails with. E_UNKNOWN_WORKER: the worker was removed or is another session's;
 * E_MAX_TURNS: the model still called tools after `maxTurns` answers. Of `openAiCompatible`: E_NETWORK: no answer, or none
 * that the page may see (`cause`); E_HTTP: an error status (`status`), with the message of its body; E_STREAM: the
 * answer broke off or was unreadable (`cause`). E_EMPTY: the model answered a prompt with
 * neither text nor calls, because of its server's content filter or for want of tokens (`stopReason`); E_PROVIDER: a
 * provider has broken its contract; E_OVER: it sent a chunk
 * after its request was over. E_BUSY: the worker's conversation cannot be changed while a run is under way.
 */
export class AgentError extends JobgateError {
  override name: string = "AgentError";
  /** HTTP status of E_HTTP. */
  readonly status: number | undefined;
  /** Of E_EMPTY, why the model stopped, in its own word: "content_filter", "length". */
  readonly stopReason: string | undefined;
  constructor(
    message: string,
    override readonly code:
      | "E_UNKNOWN_WORKER"
      | "E_BUSY"
      | "E_MAX_TURNS"
      | "E_EMPTY"
      | "E_NETWORK"
      | "E_HTTP"
      | "E_STREAM"
      | "E_PROVIDER"
      | "E_OVER",
    options: { status?: number | undefined; stopReason?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.stopReason = options.stopReason;
  }
}
