/**
 * JSON values of clients: each may be missing, or of any type. What is of another type is left out.
 *
 *     objectOf([1])                       {}
 *     textsOf(["a", 1])                   ["a"]
 *     textField("author", undefined)      {}
 *
 * Next: fields.ts
 *
 * @module
 */

// The most texts of a list.
const MOST_TEXTS = 1000;

/** Returns a value if it is a JSON object, and an empty one otherwise. */
export function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : {};
}

/** Returns the texts in a JSON list, the first ones if there are very many. */
export function textsOf(json: unknown): string[] {
  return Array.isArray(json) ? json.filter((item) => typeof item === "string").slice(0, MOST_TEXTS) : [];
}

/** Returns an object with one field, or an empty one if the value is no text, or an empty one. */
export function textField<Field extends string>(field: Field, value: unknown): Partial<Record<Field, string>> {
  return typeof value === "string" && value !== "" ? { [field]: value } as Record<Field, string> : {};
}
