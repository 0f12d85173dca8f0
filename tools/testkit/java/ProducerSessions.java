import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Producers that live over several requests, so that a transaction can stay open while a test does something else. */
final class ProducerSessions {
    private final Map<String, Session> sessions = new HashMap<>();

    Object open(JsonNode request) {
        Properties properties = new Properties();
        properties.put("acks", "all");
        properties.put("delivery.timeout.ms", "60000");
        properties.put("request.timeout.ms", "15000");
        properties.put("max.block.ms", "30000");
        properties.putAll(Oracle.clientProperties(request));
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            if (properties.containsKey("transactional.id")) producer.initTransactions();
        } catch (RuntimeException failure) {
            producer.close(Duration.ZERO);
            throw failure;
        }
        sessions.put(request.get("session").asText(), new Session(producer));
        return null;
    }

    /** Runs the steps in order; answers where each sent record went, in the order of sending. */
    Object run(JsonNode request) throws Exception {
        return session(request).run(request.get("steps"));
    }

    /** Closes; with "abandon" without finishing an open transaction, as a crash would. */
    Object close(JsonNode request) throws IOException {
        Session session = session(request);
        sessions.remove(request.get("session").asText());
        session.producer.close(request.path("abandon").asBoolean() ? Duration.ZERO : Duration.ofSeconds(30));
        return null;
    }

    private Session session(JsonNode request) throws IOException {
        Session session = sessions.get(request.get("session").asText());
        if (session == null) throw new IOException("no such producer");
        return session;
    }

    static byte[] bytes(JsonNode node) {
        return node == null || node.isNull() || node.isMissingNode() ? null : Base64.getDecoder().decode(node.asText());
    }

    private static final class Session {
        private final KafkaProducer<byte[], byte[]> producer;
        private final List<Future<RecordMetadata>> inFlight = new ArrayList<>();
        private final List<Object[]> placed = new ArrayList<>();
        private Future<RecordMetadata> lastGenerated;

        Session(KafkaProducer<byte[], byte[]> producer) {
            this.producer = producer;
        }

        Object run(JsonNode steps) throws Exception {
            placed.clear();
            for (JsonNode step : steps) run(step.get("do").asText(), step);
            // What a transaction holds is sent at its end at the latest; here it is sent now, and errors surface here.
            settle();
            return new ArrayList<>(placed);
        }

        private void run(String verb, JsonNode step) throws Exception {
            switch (verb) {
                case "send" -> inFlight.add(producer.send(record(step)));
                case "generate" -> generate(step);
                case "flush" -> settle();
                case "begin" -> producer.beginTransaction();
                case "commit" -> {
                    settle();
                    producer.commitTransaction();
                }
                case "abort" -> {
                    settle();
                    producer.abortTransaction();
                }
                case "sendOffsets" -> producer.sendOffsetsToTransaction(offsets(step.get("offsets")), new ConsumerGroupMetadata(step.get("group").asText()));
                default -> throw new IOException("no such step: " + verb);
            }
        }

        private void settle() throws Exception {
            producer.flush();
            for (Future<RecordMetadata> future : inFlight) {
                RecordMetadata metadata = future.get();
                placed.add(new Object[] {metadata.topic(), metadata.partition(), Long.toString(metadata.offset())});
            }
            inFlight.clear();
            if (lastGenerated != null) lastGenerated.get();
            lastGenerated = null;
        }

        private void generate(JsonNode step) throws Exception {
            RecordGenerator generator = new RecordGenerator(step);
            Exception[] failed = new Exception[1];
            for (long index = 0; index < generator.count; index++) {
                lastGenerated = producer.send(generator.record(index), (metadata, failure) -> {
                    if (failure != null) failed[0] = failure;
                });
                if (failed[0] != null) throw failed[0];
            }
            producer.flush();
            if (failed[0] != null) throw failed[0];
        }

        private static ProducerRecord<byte[], byte[]> record(JsonNode step) {
            List<Header> headers = new ArrayList<>();
            for (JsonNode header : step.path("headers")) headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
            Integer partition = step.hasNonNull("partition") ? step.get("partition").asInt() : null;
            Long timestamp = step.hasNonNull("timestamp") ? Long.parseLong(step.get("timestamp").asText()) : null;
            return new ProducerRecord<>(step.get("topic").asText(), partition, timestamp, bytes(step.get("key")), bytes(step.get("value")), headers);
        }

        private static Map<TopicPartition, OffsetAndMetadata> offsets(JsonNode entries) {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            for (JsonNode entry : entries) {
                TopicPartition partition = new TopicPartition(entry.get("topic").asText(), entry.get("partition").asInt());
                offsets.put(partition, new OffsetAndMetadata(Long.parseLong(entry.get("offset").asText())));
            }
            return offsets;
        }
    }
}
