/** No broker can be had here: the exchange of its protocol, with a stub. */
import { Kafka, logLevel } from 'kafkajs'
import { kafkaSasl } from '../src/kafkajs.js'
import { atATime } from './support/atATime.js'
import { startKafka } from './support/kafka.js'
import { testAdapter } from './support/testAdapter.js'

testAdapter(
  'kafkajs',
  async (rig) => {
    const broker = await startKafka(rig.isGood)
    const { sasl, retry } = kafkaSasl({ tokens: rig.tokens })
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${broker.port}`],
      sasl,
      logLevel: logLevel.NOTHING,
      connectionTimeout: 60_000,
      authenticationTimeout: 60_000,
      retry: { retries: 0 },
    })
    const limited = atATime(16)
    const use = async (): Promise<void> => {
      const admin = kafka.admin()
      await retry(() => admin.connect()).finally(() => admin.disconnect())
    }
    return { use: () => limited(use), close: broker.close }
  },
  // Each use is a connection of its own.
  { uses: 100 },
)
