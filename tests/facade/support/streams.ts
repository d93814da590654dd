import type { JobEvent } from "jobgate";

export type EventOf<Type extends JobEvent["type"]> = Extract<JobEvent, { type: Type }>;

/** Reads a stream to its end. */
export async function readAll(stream: ReadableStream<JobEvent>): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Reads until an event fits; gives all that were read, that one last. Fails when the stream closes first. */
export async function readUntil(
  reader: ReadableStreamDefaultReader<JobEvent>,
  fits: (event: JobEvent) => boolean,
): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream closed after ${events.map((event) => event.type).join(", ")}`);
    events.push(value);
    if (fits(value)) return events;
  }
}

export function typesOf(events: readonly JobEvent[]): string[] {
  return events.map((event) => event.type);
}

export function ofType<Type extends JobEvent["type"]>(events: readonly JobEvent[], type: Type): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}
