/**
 * The part of a Kafka broker that a client meets before it does anything: ApiVersions, SaslHandshake, SaslAuthenticate (OAUTHBEARER,
 * RFC 7628) and Metadata without topics. It is no broker.
 */
import { createServer } from 'node:net'
import { listen, type Served } from '../../../node/test/support/servers.js'

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)])
const array = (...members: ReadonlyArray<Buffer>): Buffer => Buffer.concat([int32(members.length), ...members])

const METADATA = 3
const SASL_HANDSHAKE = 17
const API_VERSIONS = 18
const SASL_AUTHENTICATE = 36
/** Of each only the oldest version that is needed. */
const VERSIONS: ReadonlyArray<readonly [key: number, version: number]> = [
  [METADATA, 0],
  [SASL_HANDSHAKE, 1],
  [API_VERSIONS, 0],
  [SASL_AUTHENTICATE, 0],
]

/** `SASL_AUTHENTICATION_FAILED`. */
const FAILED = 58

export const startKafka = async (isGood: (token: string) => boolean): Promise<Served> => {
  let port = 0
  const answer = (key: number, body: Buffer): Buffer => {
    switch (key) {
      case API_VERSIONS:
        return Buffer.concat([
          int16(0),
          array(...VERSIONS.map(([of, version]) => Buffer.concat([int16(of), int16(version), int16(version)]))),
        ])
      case SASL_HANDSHAKE:
        return Buffer.concat([int16(0), array(text('OAUTHBEARER'))])
      case SASL_AUTHENTICATE: {
        const [, header = ''] = body.subarray(4).toString().split('\x01')
        return isGood(header.replace('auth=Bearer ', ''))
          ? Buffer.concat([int16(0), int16(-1), int32(0)])
          : Buffer.concat([int16(FAILED), text('the token has ended'), int32(0)])
      }
      default:
        return Buffer.concat([array(Buffer.concat([int32(0), text('127.0.0.1'), int32(port)])), array()])
    }
  }
  const served = await listen(
    createServer((socket) => {
      let received: Buffer = Buffer.alloc(0)
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const request = received.subarray(4, 4 + received.readInt32BE(0))
          received = received.subarray(4 + request.length)
          // Its key, version, correlation id and the name of the client come first.
          const body = request.subarray(10 + Math.max(0, request.readInt16BE(8)))
          const response = Buffer.concat([request.subarray(4, 8), answer(request.readInt16BE(0), body)])
          socket.write(Buffer.concat([int32(response.length), response]))
        }
      })
    }),
  )
  port = served.port
  return served
}
