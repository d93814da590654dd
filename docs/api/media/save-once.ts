import { JobManager } from "jobgate";

export interface Order {
  readonly number: number;
}

const orders = new JobManager<string, unknown, never, Order>();

/** However often it is called while the order is on its way: one request, and every caller is given the same job. */
export function placeOrder(cart: string) {
  return orders.runJob(`order ${cart}`, async ({ signal }) => {
    const response = await fetch(`/api/orders?cart=${cart}`, { method: "POST", signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.json();
  });
}
