// Keys that sign requests in tests: those of RFC 9421 appendix B.1, and one to rotate to.

/** B.1.4, as PKCS#8 in base64. */
export const RFC_ED25519 = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF";
/** B.1.5. */
export const SHARED_SECRET = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
/** As a JWK. */
export const NEW_ED25519 = JSON.stringify({
  kty: "OKP",
  crv: "Ed25519",
  d: "dc5P1Djcz7ZiCYlyqJXw8vA3s3ftupBmL7_9PP4ZLfU",
});

/** "x" of the public keys, by the ids that the tables give them. */
export const PUBLIC_KEYS: { readonly [keyId: string]: string } = {
  old: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  new: "ZVfcIlgkwP7Jpp9QMvQWyLfl1JSCG4c3JGq5xjnLvio",
};
