// What may be a private key is not repeated in a message, wherever in a text it was written by mistake.

/** 32 bytes in hexadecimal, or most of them: who lost a few digits can find them again. No address is so long. */
const KEY_DIGITS = /(?:0x)?[0-9a-f]{48,}/gi;

export const redacted = (text: string): string => text.replace(KEY_DIGITS, "…");

export const holdsKey = (text: string): boolean => redacted(text) !== text;
