/**
 * Where a record is: the name of its hash and of its channel, `<namespace>:{<key>}`. The braces put both into one slot of a
 * Cluster. Different namespaces or keys never share a name, whatever they contain.
 */
export const addressOf = (namespace: string, key: string): string => `${escapeName(namespace)}:{${escapeName(key)}}`

/** `{}` would be no hash tag; no other text is escaped to a lone `%`. */
const EMPTY = '%'

// A lone surrogate has no UTF-8: the clients would turn each into the same character.
const escapeName = (text: string): string =>
  text === ''
    ? EMPTY
    : text.replace(/[%{}\p{Surrogate}]/gu, (character) => {
        const code = character.charCodeAt(0).toString(16).toUpperCase()
        return code.length > 2 ? `%u${code}` : `%${code}`
      })
