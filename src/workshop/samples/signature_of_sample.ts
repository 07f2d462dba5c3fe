/**
 * The signature in the samples: a real one, by a key that everybody knows. So it proves nothing, and a program can check it.
 * https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
 *
 *     bundle ──▶ envelope ──▶ payload ──▶ statement: "I sign sha256:7d1a…"
 *                         └─▶ signature of the payload and its type
 *
 * Ed25519 needs no random numbers: the same key makes the same signature of the same bytes. So the digests of the samples never change.
 *
 * Next: broken.ts
 *
 * @module
 */

import { joined } from "../../joined.ts";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { bytesOf } from "./tar_of_sample.ts";

/** The media type of a bundle. */
export const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const PREDICATE_TYPE = "https://sigstore.dev/cosign/sign/v1";

// PKCS #8 for Ed25519 has these bytes in front of the 32 of the key (RFC 8410).
const IN_FRONT = "302e020100300506032b657004220420";
const KEY = bytesOf("glassbox samples: a public key!!");

/** Signs a manifest by its digest. Returns a bundle with the signature, and the kind of the claim in it. */
export function signatureOf(sha256: string): { bundle: object; predicateType: string } {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256 } }],
    predicateType: PREDICATE_TYPE,
    predicate: {},
  };
  const payload = bytesOf(JSON.stringify(statement));
  // DSSE signs the payload with its type and both lengths: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
  const signedBytes = joined([bytesOf(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
  const signature = new Uint8Array(sign(null, signedBytes, privateKey()));
  const bundle = {
    mediaType: BUNDLE,
    verificationMaterial: { publicKey: { hint: "samples" } },
    dsseEnvelope: {
      payload: payload.toBase64(),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: signature.toBase64() }],
    },
  };
  return { bundle, predicateType: PREDICATE_TYPE };
}

/** Returns the public key, as PEM text. */
export function publicKeyOfSamples(): string {
  return createPublicKey(privateKey()).export({ type: "spki", format: "pem" }).toString();
}

function privateKey() {
  const key = joined([Uint8Array.fromHex(IN_FRONT), KEY]);
  return createPrivateKey({ key: key as never, format: "der", type: "pkcs8" });
}
