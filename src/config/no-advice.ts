// The Worker's `advice.ts`: nobody edits its table any more.

const none = (): null => null;

export function hint(): void {
  // The bundler leaves out calls of what is empty, with their words.
}

export {
  none as braceAdvice,
  none as didYouMean,
  none as dollarAdvice,
  none as endpointAdvice,
  none as hostAdvice,
  none as keyAdvice,
  none as patternAdvice,
  none as payeeAdvice,
  none as priceAdvice,
  none as quoted,
  none as secretAdvice,
  none as strayAdvice,
  none as twiceAdvice,
  none as useAdvice,
  none as withoutMisspelt,
};
