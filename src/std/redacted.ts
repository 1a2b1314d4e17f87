// What may be a private key, or a password in a URL, is not repeated in a message, wherever in a text it was written by
// mistake.

/** 32 bytes in hexadecimal, or most of them: who lost a few digits can find them again. No address is so long. */
const KEY_DIGITS = /(?:0x)?[0-9a-f]{48,}/gi;

/** What a URL says of who asks (RFC 3986 section 3.2.1). */
const USER = /\/\/[^/\s]*@/g;

export const redacted = (text: string): string => text.replace(KEY_DIGITS, "…").replace(USER, "//…@");

export const holdsKey = (text: string): boolean => text.search(KEY_DIGITS) >= 0;
