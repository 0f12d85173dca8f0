import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Records made from a seed: the same request makes the same records. Record n does not depend on the others. */
final class RecordGenerator {
    private static final String[] STATES = {"created", "paid", "packed", "shipped", "delivered", "returned"};

    final long count;
    private final String topic;
    private final int valueBytes;
    private final long seed;
    private final long keys;
    private final boolean random;
    private final Integer partitions;
    private final Long firstTimestamp;

    RecordGenerator(JsonNode step) {
        topic = step.get("topic").asText();
        count = step.get("count").asLong();
        valueBytes = step.path("valueBytes").asInt(200);
        seed = step.path("seed").asLong(1);
        keys = step.path("keys").asLong(1000);
        random = step.path("content").asText("json").equals("random");
        partitions = step.hasNonNull("partitions") ? step.get("partitions").asInt() : null;
        firstTimestamp = step.hasNonNull("firstTimestamp") ? Long.parseLong(step.get("firstTimestamp").asText()) : null;
    }

    ProducerRecord<byte[], byte[]> record(long index) {
        SplittableRandom source = new SplittableRandom(seed * 1_000_003 + index);
        byte[] key = ("key-" + source.nextLong(keys)).getBytes(StandardCharsets.UTF_8);
        byte[] value = random ? randomBytes(source) : json(source, index).getBytes(StandardCharsets.UTF_8);
        Integer partition = partitions == null ? null : (int) (index % partitions);
        Long timestamp = firstTimestamp == null ? null : firstTimestamp + index;
        byte[] trace = Long.toHexString(source.nextLong()).getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(topic, partition, timestamp, key, value, List.of(new RecordHeader("trace", trace)));
    }

    private byte[] randomBytes(SplittableRandom source) {
        byte[] bytes = new byte[valueBytes];
        source.nextBytes(bytes);
        return bytes;
    }

    /** An order as JSON, padded with words to the size asked for: compresses about as real events do. */
    private String json(SplittableRandom source, long index) {
        StringBuilder text = new StringBuilder(valueBytes + 32);
        text.append("{\"order\":").append(index)
                .append(",\"customer\":\"c-").append(source.nextInt(100_000))
                .append("\",\"state\":\"").append(STATES[source.nextInt(STATES.length)])
                .append("\",\"cents\":").append(source.nextInt(1_000_000))
                .append(",\"note\":\"");
        while (text.length() < valueBytes - 2) {
            text.append(STATES[source.nextInt(STATES.length)]).append(' ').append(source.nextInt(100)).append(' ');
        }
        text.setLength(Math.max(text.indexOf("\"note\":\"") + 8, Math.min(text.length(), valueBytes - 2)));
        return text.append("\"}").toString();
    }
}
