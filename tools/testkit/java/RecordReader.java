import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads records with Kafka's consumer, by assignment, so that no group takes part. */
final class RecordReader {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long STALL_MILLIS = 30_000;

    private RecordReader() {}

    /** Reads partitions from "from" (or their start) up to "to" (or their end as it is now). */
    static Object read(JsonNode request, JsonGenerator out) throws IOException {
        long count = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(request, null)) {
            List<TopicPartition> partitions = partitions(consumer, request.get("topics"));
            Map<TopicPartition, Long> from = consumer.beginningOffsets(partitions);
            Map<TopicPartition, Long> to = consumer.endOffsets(partitions);
            override(from, request.path("from"), true);
            override(to, request.path("to"), false);
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, from.get(partition)));
            Set<TopicPartition> open = new HashSet<>(partitions);
            long progressed = System.currentTimeMillis();
            for (retire(consumer, open, to); !open.isEmpty(); retire(consumer, open, to)) {
                Map<TopicPartition, Long> before = positions(consumer, open);
                ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                    if (record.offset() >= to.get(partition)) continue;
                    write(out, record);
                    count++;
                }
                if (!records.isEmpty() || !before.equals(positions(consumer, open))) progressed = System.currentTimeMillis();
                if (System.currentTimeMillis() - progressed > STALL_MILLIS) {
                    throw new IOException("no progress for " + STALL_MILLIS + " ms, still open: " + before + ", ends: " + to);
                }
            }
        }
        return Map.of("count", count);
    }

    /** For each partition of the topics that the group committed: the offset and the record that it reads next. */
    static Object next(JsonNode request) throws IOException {
        String group = request.get("group").asText();
        List<Map<String, Object>> answers = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(request, group)) {
            List<TopicPartition> partitions = partitions(consumer, request.get("topics"));
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(new HashSet<>(partitions));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            for (TopicPartition partition : partitions) {
                OffsetAndMetadata offset = committed.get(partition);
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("topic", partition.topic());
                answer.put("partition", partition.partition());
                answer.put("committed", offset == null ? null : Long.toString(offset.offset()));
                answer.put("record", offset == null ? null : firstFrom(consumer, partition, offset.offset(), ends.get(partition)));
                answers.add(answer);
            }
        }
        return answers;
    }

    private static Object firstFrom(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long offset, long end)
            throws IOException {
        consumer.assign(List.of(partition));
        consumer.seek(partition, offset);
        long expires = System.currentTimeMillis() + STALL_MILLIS;
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) return fields(record);
            if (System.currentTimeMillis() > expires) throw new IOException("no record of " + partition + " within " + STALL_MILLIS + " ms");
        }
        return null;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(JsonNode request, String group) {
        Properties properties = new Properties();
        if (group != null) properties.put("group.id", group);
        properties.put("enable.auto.commit", "false");
        // An offset out of range is an answer that a test must see, never a silent jump.
        properties.put("auto.offset.reset", "none");
        properties.put("isolation.level", request.path("isolation").asText("read_uncommitted"));
        properties.put("fetch.max.wait.ms", "50");
        properties.put("max.poll.records", "5000");
        properties.put("max.partition.fetch.bytes", "8388608");
        properties.put("default.api.timeout.ms", "30000");
        properties.putAll(Oracle.clientProperties(request));
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, JsonNode topics) throws IOException {
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonNode topic : topics) {
            List<PartitionInfo> infos = consumer.partitionsFor(topic.asText());
            if (infos == null || infos.isEmpty()) throw new IOException("topic " + topic.asText() + " does not exist");
            infos.stream().map(PartitionInfo::partition).sorted().forEach(id -> partitions.add(new TopicPartition(topic.asText(), id)));
        }
        return partitions;
    }

    /** Entries of "from" and "to": {"topic", "partition", "offset"}. They only ever narrow what is read. */
    private static void override(Map<TopicPartition, Long> offsets, JsonNode entries, boolean isStart) {
        for (JsonNode entry : entries) {
            TopicPartition partition = new TopicPartition(entry.get("topic").asText(), entry.get("partition").asInt());
            long offset = Long.parseLong(entry.get("offset").asText());
            offsets.computeIfPresent(partition, (key, own) -> isStart ? Math.max(own, offset) : Math.min(own, offset));
        }
    }

    private static Map<TopicPartition, Long> positions(KafkaConsumer<?, ?> consumer, Set<TopicPartition> open) {
        Map<TopicPartition, Long> positions = new LinkedHashMap<>();
        open.forEach(partition -> positions.put(partition, consumer.position(partition)));
        return positions;
    }

    /** Stops fetching partitions that were read to their end. */
    private static void retire(KafkaConsumer<?, ?> consumer, Set<TopicPartition> open, Map<TopicPartition, Long> to) {
        List<TopicPartition> done = open.stream().filter(partition -> consumer.position(partition) >= to.get(partition)).toList();
        done.forEach(open::remove);
        consumer.pause(done);
    }

    static String base64(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }

    private static Map<String, Object> fields(ConsumerRecord<byte[], byte[]> record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("topic", record.topic());
        fields.put("partition", record.partition());
        fields.put("offset", Long.toString(record.offset()));
        fields.put("timestamp", Long.toString(record.timestamp()));
        fields.put("timestampType", record.timestampType().toString());
        fields.put("key", base64(record.key()));
        fields.put("value", base64(record.value()));
        List<String[]> headers = new ArrayList<>();
        for (Header header : record.headers()) headers.add(new String[] {header.key(), base64(header.value())});
        fields.put("headers", headers);
        fields.put("leaderEpoch", record.leaderEpoch().orElse(null));
        return fields;
    }

    private static void write(JsonGenerator out, ConsumerRecord<byte[], byte[]> record) throws IOException {
        out.writeStartObject();
        out.writeObjectFieldStart("record");
        out.writeStringField("topic", record.topic());
        out.writeNumberField("partition", record.partition());
        out.writeStringField("offset", Long.toString(record.offset()));
        out.writeStringField("timestamp", Long.toString(record.timestamp()));
        out.writeStringField("timestampType", record.timestampType().toString());
        bytes(out, "key", record.key());
        bytes(out, "value", record.value());
        out.writeArrayFieldStart("headers");
        for (Header header : record.headers()) {
            out.writeStartArray();
            out.writeString(header.key());
            out.writeString(base64(header.value()));
            out.writeEndArray();
        }
        out.writeEndArray();
        out.writeObjectField("leaderEpoch", record.leaderEpoch().orElse(null));
        out.writeEndObject();
        out.writeEndObject();
        out.writeRaw('\n');
    }

    private static void bytes(JsonGenerator out, String name, byte[] bytes) throws IOException {
        if (bytes == null) out.writeNullField(name);
        else out.writeBinaryField(name, bytes);
    }
}
