// What parsers of HTTP attach: undici's `data`, Node's own `rawPacket`.
const RAW = ['data', 'rawPacket']

const isParserError = (error: object): boolean =>
  ('name' in error && error.name === 'HTTPParserError') || ('code' in error && String(error.code).startsWith('HPE_'))

const causeOf = (error: object): unknown => ('cause' in error ? error.cause : undefined)

/**
 * The same error without the bytes that its parser could not read, in it or in what caused it: a server may have echoed the
 * token in them. They are taken off in place, so that class, stack and identity stay as they are.
 */
export const withoutRaw = <E>(error: E): E => {
  const seen = new Set<unknown>()
  for (let one: unknown = error; typeof one === 'object' && one !== null && !seen.has(one); one = causeOf(one)) {
    seen.add(one)
    if (isParserError(one)) for (const name of RAW) Reflect.deleteProperty(one, name)
  }
  return error
}
