import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askOnce, byContentLength, byLength, toTheEnd } from '../src/agents/socket.js'

/** What a server says to each that asks, piece by piece; it ends the connection then, or leaves it open. */
const answering = async (
  pieces: ReadonlyArray<string>,
  { ends }: { readonly ends: boolean },
  use: (path: string) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'socket-'))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('data', async () => {
      for (const piece of pieces) await new Promise((resolve) => socket.write(piece, 'latin1', resolve))
      if (ends) socket.end()
    })
  })
  const path = join(folder, 's')
  try {
    await once(server.listen(path), 'listening')
    await use(path)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  }
}

test('an answer is read to its end, in whatever pieces it comes', async () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n'
  await answering([head, '\r\nab', 'cd'], { ends: false }, async (path) => {
    expect((await askOnce(path, '?', byContentLength)).toString()).toBe(`${head}\r\nabcd`)
  })
  await answering(['\0\0', '\0\u0005\u000c\0', '\0\0\0'], { ends: false }, async (path) => {
    expect([...(await askOnce(path, '?', byLength))]).toEqual([0, 0, 0, 5, 12, 0, 0, 0, 0])
  })
  await answering(['{"a"', ':1}'], { ends: true }, async (path) => {
    expect((await askOnce(path, '?', toTheEnd)).toString()).toBe('{"a":1}')
  })
  await answering([], { ends: true }, async (path) => {
    await expect(askOnce(path, '?', toTheEnd)).rejects.toThrow('without an answer')
  })
})
