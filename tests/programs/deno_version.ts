/**
 * The version of Deno that the project is tried with.
 *
 * @module
 */

/** The whole version. The README names only its first two numbers: any of these does. */
export const DENO_VERSION = "2.9.6";
