/** Control, bidirectional and other characters that are not seen: what a server or a store says must not steer the terminal. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A text without what steers a terminal. */
export const printable = (text: string): string => text.replace(HIDDEN, '')

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')

/** A value as JSON for people and programs: what steers a terminal is escaped, so that nothing is lost. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(HIDDEN, (character) => (character === '\n' ? character : escaped(character)))
