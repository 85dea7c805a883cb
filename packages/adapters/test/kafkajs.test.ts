/** No broker can be had here: the exchange of its protocol, with a stub. */
import { Kafka, logLevel } from 'kafkajs'
import { kafkaSasl } from '../src/kafkajs.js'
import { startKafka } from './support/kafka.js'
import { pooled } from './support/pooled.js'
import { testAdapter } from './support/testAdapter.js'

testAdapter('kafkajs', async (rig) => {
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
  const using = pooled({
    most: 16,
    open: async () => {
      const admin = kafka.admin()
      try {
        await retry(() => admin.connect())
        return admin
      } catch (error) {
        await admin.disconnect()
        throw error
      }
    },
    close: (admin) => admin.disconnect(),
  })
  return { use: () => using((admin) => admin.listTopics()), close: broker.close }
})
