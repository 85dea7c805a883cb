import { type Server, servers } from '@tessera/trials'

/** A Redis of our own, as long as it is used. */
export const withRedis = async <A>(use: (server: Server) => Promise<A>): Promise<A> => {
  const all = servers()
  try {
    return await use(await all.start())
  } finally {
    await all.stop()
  }
}
