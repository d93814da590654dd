import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { placeOrder } from "../save-once.ts";

const cart = newId("cart");

export function SaveOnce() {
  const [lines, setLines] = useState<readonly string[]>([]);
  const press = async () => {
    const { type, job } = placeOrder(cart);
    setLines((before) => [...before, type]);
    const { number } = await job.result;
    setLines((before) => [...before, `this press has order ${number}`]);
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
