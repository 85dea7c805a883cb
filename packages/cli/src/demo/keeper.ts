/**
 * Runs a Redis for as long as the process that started this one is there, however that ends. It is told the configuration, and tells
 * when there is no Redis.
 */
import { spawn } from 'node:child_process'

const keep = (): void => {
  // From standard input: nobody else reads the password there.
  const server = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const over = (): void => {
    if (!process.connected) return
    process.send?.('none')
    process.disconnect()
  }
  server.once('error', over).once('exit', over)
  server.stdin.on('error', () => undefined)
  process.once('message', (config) => server.stdin.end(String(config)))
  process.once('disconnect', () => server.kill('SIGKILL'))
  // Ctrl-C reaches it too; it ends with its parent.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
}

keep()
