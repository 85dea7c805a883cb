/** A text without control and format characters, which a person does not see and which hide a secret from redaction. */
export const visible = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
