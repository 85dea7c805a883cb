import { type NodeEnv, nodeEnv } from '@tessera/node'
import { startTokenServer, type TokenServer, type TokenServerOptions } from './server/TokenServer.js'

/** A token server and a live environment, as long as they are used. */
export const withServer = async <A>(
  use: (server: TokenServer, env: NodeEnv) => Promise<A>,
  options?: TokenServerOptions,
): Promise<A> => {
  const server = await startTokenServer(options)
  const env = nodeEnv()
  try {
    return await use(server, env)
  } finally {
    await env.close()
    await server.close()
  }
}
