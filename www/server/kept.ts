const KEPT = 1000;

/** A Map that forgets the oldest. */
export class Kept<Value> extends Map<string, Value> {
  override set(key: string, value: Value): this {
    super.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > KEPT && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
