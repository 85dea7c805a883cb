import { credentials, Metadata, makeClientConstructor, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { authorities } from '../../node/test/support/servers.js'
import { grpcCredentials } from '../src/grpc.js'
import type { Rig } from './support/rig.js'
import { testAdapter } from './support/testAdapter.js'

const text = {
  serialize: (value: string): Buffer => Buffer.from(value),
  deserialize: (bytes: Buffer): string => bytes.toString(),
}

/** A service of one method, by which the word comes back. */
const service = {
  say: {
    path: '/tessera.Echo/Say',
    requestStream: false,
    responseStream: false,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  },
} as const

const startServer = async ({ isGood }: Rig): Promise<{ readonly port: number; readonly server: Server }> => {
  const { ca, server: own } = authorities.loopback
  const server = new Server()
  server.addService(service, {
    say: (
      call: { readonly metadata: Metadata; readonly request: string },
      done: (error: { readonly code: status; readonly details: string } | null, answer?: string) => void,
    ) => {
      const [header = ''] = call.metadata.get('authorization')
      if (isGood(String(header).replace('Bearer ', ''))) done(null, call.request)
      else done({ code: status.UNAUTHENTICATED, details: 'the token has ended' })
    },
  })
  const key = { private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.cert) }
  const secure = ServerCredentials.createSsl(Buffer.from(ca), [key])
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', secure, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
  return { port, server }
}

testAdapter('@grpc/grpc-js', async (rig) => {
  const { port, server } = await startServer(rig)
  const { generator, retry } = grpcCredentials({ tokens: rig.tokens, metadata: () => new Metadata() })
  const Client = makeClientConstructor(service, 'Echo')
  const client = new Client(
    `127.0.0.1:${port}`,
    credentials.combineChannelCredentials(
      credentials.createSsl(Buffer.from(authorities.loopback.ca)),
      credentials.createFromMetadataGenerator(generator),
    ),
  )
  const call = (word: string): Promise<string> =>
    new Promise((resolve, reject) => {
      client['say']?.(word, (error: Error | null, answer: string) => (error === null ? resolve(answer) : reject(error)))
    })
  return {
    use: () => retry(() => call('hello')),
    close: () => {
      client.close()
      server.forceShutdown()
    },
  }
})
