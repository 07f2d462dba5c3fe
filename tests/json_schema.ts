/**
 * JSON Schema, as much of it as the schemas of the project use.
 *
 *     fitsSchema({ type: "array", items: { type: "string" } }, ["foo", 7])   false
 *
 * @module
 */

import { assert } from "@std/assert";

/** A schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

// Each keyword of 2020-12 that is known here: does a value fit? A keyword that is about another type of value has nothing against it.
const KEYWORDS: Readonly<
  Record<string, (value: unknown, given: never, schema: JsonSchema, root: JsonSchema) => boolean>
> = {
  type: (value, type: string) => typeOf(value) === type || (type === "number" && typeOf(value) === "integer"),
  const: (value, only: unknown) => value === only,
  enum: (value, values: unknown[]) => values.includes(value),
  pattern: (value, pattern: string) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  minimum: (value, least: number) => typeof value !== "number" || value >= least,
  maximum: (value, most: number) => typeof value !== "number" || value <= most,
  exclusiveMinimum: (value, below: number) => typeof value !== "number" || value > below,
  minItems: (value, least: number) => !Array.isArray(value) || value.length >= least,
  items: (value, items: JsonSchema, _, root) => !Array.isArray(value) || value.every((one) => fits(items, one, root)),
  contains: (value, one: JsonSchema, _, root) => !Array.isArray(value) || value.some((entry) => fits(one, entry, root)),
  required: (value, names: string[]) => !isObject(value) || names.every((name) => name in value),
  properties: (value, properties: Record<string, JsonSchema>, _, root) =>
    !isObject(value) ||
    Object.entries(properties).every(([name, one]) => !(name in value) || fits(one, value[name], root)),
  additionalProperties: (value, isAllowed: boolean, { properties = {} }) =>
    isAllowed || !isObject(value) || Object.keys(value).every((name) => name in (properties as object)),
  not: (value, not: JsonSchema, _, root) => !fits(not, value, root),
  anyOf: (value, some: JsonSchema[], _, root) => some.some((one) => fits(one, value, root)),
  oneOf: (value, some: JsonSchema[], _, root) => some.filter((one) => fits(one, value, root)).length === 1,
  if: (value, condition: JsonSchema, schema, root) =>
    !fits(condition, value, root) || fits(schema.then as JsonSchema, value, root),
  $ref: (value, to: string, _, root) =>
    fits((root.$defs as Record<string, JsonSchema>)[to.split("/").at(-1)!], value, root),
};

// What says nothing about the value.
const NOTES = ["$schema", "$id", "$defs", "title", "description", "examples", "default", "then"];

/** Returns true if a value is as a schema says. A keyword that is not known here fails the test. */
export function fitsSchema(schema: JsonSchema, value: unknown): boolean {
  return fits(schema, value, schema);
}

function fits(schema: JsonSchema, value: unknown, root: JsonSchema): boolean {
  return Object.entries(schema).every(([keyword, given]) => {
    if (NOTES.includes(keyword)) return true;
    assert(keyword in KEYWORDS, `the schema uses "${keyword}", which is not known here`);
    return KEYWORDS[keyword](value, given as never, schema, root);
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === "object";
}
