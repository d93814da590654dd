/** What without Unicode mode is a mere letter, and is meant as what it is with it, or in other languages. */
const MEANT = /(^|[^\\])(\\\\)*\\([AZz]|[pPu]\{)/;

/**
 * A schema's pattern: in Unicode mode, as JSON Schema recommends, or else as JavaScript reads it without, since schemas
 * hold patterns that only that mode refuses (`^[\\w-.]+$`). The build gives it to the validator's library in place of
 * RegExp.
 *
 * Throws SyntaxError for what is no pattern either way, or would mean something else.
 */
export const SchemaRegExp = function SchemaRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    if (MEANT.test(pattern)) throw error;
    return new RegExp(pattern, flags.replace("u", ""));
  }
} as unknown as RegExpConstructor;
