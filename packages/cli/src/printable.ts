/** What a server says must not steer the terminal: without control, bidirectional and other characters that are not seen. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
