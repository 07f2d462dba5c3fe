/**
 * Packages of other people: Deno fetches one when something needs it for the first time.
 *
 *     tar-stream     archives         filling/tar_stream.ts
 *     bcryptjs       passwords        serving/htpasswd.ts
 *     selfsigned     certificates     serving/certificate.ts
 *
 * The registry itself starts without any of them, and without a network. So they are not in `deno.json`, and no `import` names them:
 * otherwise Deno would fetch them at every start. Each one has a version, so everybody gets the same bytes.
 *
 * Next: filling/layout.ts
 *
 * @module
 */

/** The packages, by their purposes. `deno task bundle` packs them, so that a bundle needs no network. */
export const PACKAGES = {
  archives: "npm:tar-stream@3.1.7",
  bcrypt: "npm:bcryptjs@3.0.3",
  certificates: "npm:selfsigned@5.5.0",
} as const;

/**
 * Loads a package, such as `npm:tar-stream@3.1.7`.
 *
 * @param purpose what the package is for, such as "archives". The message of an error names it.
 * @throws {Error} if Deno cannot fetch the package; the message has the command that fetches it beforehand.
 */
export async function loadPackage<Package>(name: string, purpose: string): Promise<Package> {
  try {
    return await import(name);
  } catch (error) {
    const hint = `where a package registry can be reached, "deno cache ${name}" fetches it beforehand`;
    throw new Error(`the package for ${purpose} cannot be loaded; ${hint}`, { cause: error });
  }
}
