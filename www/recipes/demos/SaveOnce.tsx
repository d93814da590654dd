import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";
import { newId } from "../ids.ts";
import { placeOrder } from "../save-once.ts";

const cart = newId("cart");

export function SaveOnce() {
  const [lines, setLines] = useState<readonly string[]>([]);
  const press = async () => {
    const { type, job } = placeOrder(cart);
    const add = (line: string) => setLines((before) => [...before, line]);
    add(type);
    await job.result.then(
      ({ number }) => add(`this press has order ${number}`),
      (error) => add(`this press has none. ${errorText(error)}`),
    );
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={() => void press()}>
          Place the order
        </Button>
      </div>
      <p class="muted small">Press it three times, quickly.</p>
      <ol class="lines" data-testid="presses" aria-live="polite">
        {lines.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ol>
    </>
  );
}
