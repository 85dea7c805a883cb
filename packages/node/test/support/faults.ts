import type net from 'node:net'

const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'
/** What a server may do instead of answering, and what that is to the client. */
export const faults: ReadonlyArray<readonly [name: string, told: string, answer: (socket: net.Socket) => void]> = [
  ['reset before headers', 'Lost connection', (socket) => socket.resetAndDestroy()],
  ['end before headers', 'Lost connection', (socket) => socket.end()],
  ['reset after headers', 'Lost connection', (socket) => socket.write(head, () => socket.resetAndDestroy())],
  ['end in the body', 'Lost connection', (socket) => socket.end(`${head}abc`)],
  [
    'truncated chunks',
    'Lost connection',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'),
  ],
  ['rubbish', 'Lost connection', (socket) => socket.end('220 smtp.example ESMTP\r\n')],
  ['endless headers', 'Lost size', (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1 << 20)}`)],
  ['too long by its length', 'Lost size', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n')],
  ['hang before headers', 'Lost deadline', () => {}],
  ['hang after headers', 'Lost deadline', (socket) => socket.write(head)],
  [
    'drip',
    'Lost deadline',
    (socket) => {
      socket.write(head)
      const drip = setInterval(() => socket.write('a'), 10)
      socket.on('close', () => clearInterval(drip))
    },
  ],
]
