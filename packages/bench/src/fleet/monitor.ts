import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { eventually, type Server } from '@tessera/trials'

/** What a server itself sees. */
export interface Monitor {
  /** The commands that clients have sent since it was asked last, by name; what a script calls is not among them. */
  readonly commands: () => Promise<ReadonlyArray<string>>
  readonly end: () => void
}

/** Watches a server by its MONITOR. */
export const monitor = async (server: Server): Promise<Monitor> => {
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  let lines: string[] = []
  createInterface(socket).on('line', (line) => lines.push(line))
  socket.write('MONITOR\r\n')
  await eventually('a monitor', async () => lines.includes('+OK'))
  let marks = 0
  return {
    commands: async () => {
      // All that came before this has been seen when this is.
      const mark = `mark ${++marks}`
      await server.command('ECHO', mark)
      await eventually('the mark', async () => lines.some((line) => line.includes(mark)))
      const seen = lines
      lines = []
      const own = /\[0 (\S+)\]/.exec(seen.find((line) => line.includes(mark)) ?? '')?.[1]
      return seen.flatMap((line) => {
        const [, from, command] = /^\+\S+ \[\d+ (\S+)\] "([^"]+)"/.exec(line) ?? []
        return command === undefined || from === 'lua' || from === own ? [] : [command.toUpperCase()]
      })
    },
    end: () => socket.destroy(),
  }
}
