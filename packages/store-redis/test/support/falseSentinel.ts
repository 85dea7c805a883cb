import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** Enough of a Sentinel to send clients to a server, and to tell them of a fail-over at a moment of the test's choice. */
export interface FalseSentinel {
  readonly port: number
  /** How many listen for fail-overs. */
  readonly listeners: () => number
  /** Says from now on that this is the primary. */
  readonly name: (port: number) => void
  /** The next who asks for the primary is answered after all who listen have been told of a fail-over, and have acted on it. */
  readonly tellWhileAsked: () => void
  readonly close: () => Promise<void>
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`
const array = (...texts: ReadonlyArray<string>): string => `*${texts.length}\r\n${texts.map(bulk).join('')}`

/** Takes whole commands, which are arrays of ASCII texts, off the start of what was received. */
const commandsOf = (received: string): { readonly commands: Array<ReadonlyArray<string>>; readonly rest: string } => {
  const commands: Array<ReadonlyArray<string>> = []
  let rest = received
  for (;;) {
    const count = Number(/^\*(\d+)\r\n/.exec(rest)?.[1] ?? Number.NaN)
    const words = new RegExp(`^\\*\\d+\\r\\n((?:\\$\\d+\\r\\n[^\\r]*\\r\\n){${count || 0}})`).exec(rest)
    if (Number.isNaN(count) || words === null) return { commands, rest }
    commands.push((words[1] ?? '').split('\r\n').filter((_, index) => index % 2 === 1))
    rest = rest.slice(words[0].length)
  }
}

export const falseSentinel = async (primary: number): Promise<FalseSentinel> => {
  const sockets = new Set<Socket>()
  const listeners = new Set<Socket>()
  let named = primary
  let tells = false

  const tellAll = async (): Promise<void> => {
    const told = [...listeners]
    const closed = told.map((socket) => once(socket, 'close'))
    for (const socket of told) socket.write(array('message', '+switch-master', `main 127.0.0.1 1 127.0.0.1 ${named}`))
    // Told, a client leaves.
    await Promise.all(closed)
  }
  const answer = async (socket: Socket, [name = '', ...words]: ReadonlyArray<string>): Promise<void> => {
    const asked = [name, words[0] ?? ''].join(' ').toLowerCase()
    if (name.toLowerCase() === 'hello') socket.write(`-ERR unknown command 'HELLO'\r\n`)
    else if (name.toLowerCase() === 'subscribe') {
      listeners.add(socket)
      socket.write(`*3\r\n${bulk('subscribe')}${bulk(words[0] ?? '')}:1\r\n`)
    } else if (asked === 'sentinel sentinels') socket.write('*0\r\n')
    else if (asked === 'sentinel get-master-addr-by-name') {
      const isToTell = tells
      tells = false
      if (isToTell) await tellAll()
      socket.write(array('127.0.0.1', String(named)))
    } else socket.write('+OK\r\n')
  }

  const server = createServer((socket) => {
    let received = ''
    sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      listeners.delete(socket)
    })
    socket.on('data', async (text) => {
      const { commands, rest } = commandsOf(received + text)
      received = rest
      for (const command of commands) await answer(socket, command)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    listeners: () => listeners.size,
    name: (port) => {
      named = port
    },
    tellWhileAsked: () => {
      tells = true
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
