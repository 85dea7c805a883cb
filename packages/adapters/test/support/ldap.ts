/** The part of an LDAP server (RFC 4511) that a database asks about a password: a simple bind. */
import { createServer } from 'node:net'
import { listen, type Served } from '../../../node/test/support/servers.js'

interface Element {
  readonly tag: number
  readonly content: Buffer
  readonly rest: Buffer
}

/** The first element of BER, if all of it is there. */
const elementOf = (bytes: Buffer): Element | undefined => {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  const more = first < 0x80 ? 0 : first & 0x7f
  if (bytes.length < 2 + more) return undefined
  const length = more === 0 ? first : bytes.readUIntBE(2, more)
  const start = 2 + more
  if (bytes.length < start + length) return undefined
  return { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) }
}

const elementsOf = (bytes: Buffer): ReadonlyArray<Element> => {
  const first = elementOf(bytes)
  return first === undefined ? [] : [first, ...elementsOf(first.rest)]
}

const element = (tag: number, ...contents: ReadonlyArray<Buffer>): Buffer => {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, content.length]), content])
}

const BIND_REQUEST = 0x60
const INVALID_CREDENTIALS = 49

/** Takes every name whose password is good. */
export const startLdap = (isGood: (password: string) => boolean): Promise<Served> =>
  listen(
    createServer((socket) => {
      let received: Buffer = Buffer.alloc(0)
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
        for (let message = elementOf(received); message !== undefined; message = elementOf(received)) {
          received = message.rest
          const [id, request] = elementsOf(message.content)
          if (id === undefined || request?.tag !== BIND_REQUEST) continue
          const password = elementsOf(request.content)[2]?.content.toString() ?? ''
          const result = element(0x0a, Buffer.from([isGood(password) ? 0 : INVALID_CREDENTIALS]))
          const response = element(0x61, result, element(0x04), element(0x04))
          socket.write(element(0x30, element(0x02, id.content), response))
        }
      })
    }),
  )
