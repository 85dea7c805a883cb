import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { eventually, type Server } from '@tessera/trials'

/** What a server itself sees. */
export interface Monitor {
  /** The commands that clients have sent since then, by name; what a script calls is not among them. */
  readonly commands: () => Promise<ReadonlyArray<string>>
  readonly end: () => void
}

/** Watches a server by its MONITOR. */
export const monitor = async (server: Server): Promise<Monitor> => {
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  const lines: string[] = []
  createInterface(socket).on('line', (line) => lines.push(line))
  socket.write('MONITOR\r\n')
  await eventually('a monitor', async () => lines.includes('+OK'))
  return {
    commands: async () => {
      // All that came before this has been seen when this is.
      const mark = `mark ${Math.random()}`
      await server.command('ECHO', mark)
      await eventually('the mark', async () => lines.some((line) => line.includes(mark)))
      const own = lines.find((line) => line.includes(mark))
      const ours = /\[0 (\S+)\]/.exec(own ?? '')?.[1]
      return lines.flatMap((line) => {
        const [, from, command] = /^\+\S+ \[\d+ (\S+)\] "([^"]+)"/.exec(line) ?? []
        return command === undefined || from === 'lua' || from === ours ? [] : [command.toUpperCase()]
      })
    },
    end: () => socket.destroy(),
  }
}
