// What a request says of the one thing that its price depends on.

export type Found =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "missing" }
  /** It can be read in two ways; `why` is a clause of a sentence, and holds nothing of the client's. */
  | { readonly kind: "ambiguous"; readonly why: string };

export const MISSING = { kind: "missing" } as const;

export const found = (value: string): Found => ({ kind: "value", value });

export const ambiguous = (why: string) => ({ kind: "ambiguous", why }) as const;

export const EMPTY_VALUE = ambiguous("it is empty there: give it a value, or leave it out");
