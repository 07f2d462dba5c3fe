/**
 * A certificate that is thrown away: for a test that speaks TLS.
 * https://www.rfc-editor.org/rfc/rfc5280
 *
 *     CA     "Glassbox test CA"     the test trusts it
 *      └──▶ certificate             localhost, 127.0.0.1, ::1; the registry has it, and its key
 *
 * Both are valid for a day. Nobody keeps the key of the CA, so it signs nothing else.
 *
 * Next: clock.ts
 *
 * @module
 */

import { loadPackage, PACKAGES } from "../packages.ts";

/** A certificate with its key, and the CA that has signed it, all as PEM texts. */
export interface Certificate {
  /** The certificate of the server. */
  readonly cert: string;
  /** Its key. */
  readonly key: string;
  /** The certificate of the CA, for clients to trust. */
  readonly ca: string;
}

// The part of the package that is used here.
interface SelfSigned {
  generate(
    names: readonly { readonly name: string; readonly value: string }[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly cert: string; readonly private: string }>;
}

/**
 * Makes a certificate for this machine.
 *
 * @throws {Error} if Deno cannot fetch the package that does it; the message has the command that fetches it beforehand.
 */
export async function makeCertificate(): Promise<Certificate> {
  const { default: { generate } } = await loadPackage<{ default: SelfSigned }>(PACKAGES.certificates, "certificates");
  const day = 24 * 3_600_000;
  const common = {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // Clocks differ, and a client may be behind.
    notBeforeDate: new Date(Date.now() - day),
    notAfterDate: new Date(Date.now() + day),
  };
  const ca = await generate([{ name: "commonName", value: "Glassbox test CA" }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: DNS, value: "localhost" }, ...ADDRESSES] },
    ],
  });
  return { cert: server.cert, key: server.private, ca: ca.cert };
}

// The kinds of names in RFC 5280 section 4.2.1.6.
const DNS = 2;
const IP = 7;
const ADDRESSES = ["127.0.0.1", "::1"].map((ip) => ({ type: IP, ip }));
