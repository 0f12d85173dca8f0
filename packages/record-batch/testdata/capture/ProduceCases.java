import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Fills one topic per case on a running broker and waits until compaction has done its part. Arguments: bootstrap server, log directory, output directory. */
public class ProduceCases {
  static final long T = 1_700_000_000_000L;
  static String bootstrap;
  static Path logDir;
  static Admin admin;

  public static void main(String[] args) throws Exception {
    bootstrap = args[0];
    logDir = Path.of(args[1]);
    admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      small(codec);
      large(codec);
    }
    for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) create("librdkafka-" + codec, Map.of());
    nulls();
    headers();
    timestamps();
    logAppendTime();
    transactions();
    compactedHoles();
    compactedEmpty();
    deleteHorizon();
    legacy(Path.of(args[2]));
    admin.close();
  }

  static void small(String codec) throws Exception {
    create("codec-" + codec, Map.of());
    try (var producer = producer(Map.of("compression.type", codec))) {
      for (int i = 0; i < 50; i++) {
        send(producer, "codec-" + codec, T + i * 7L, "key-" + i % 9, "value " + i + " of a text that repeats itself, itself");
      }
      producer.flush();
    }
  }

  /** Several blocks of every framing, one that does not get smaller by compression, one that nearly vanishes. */
  static void large(String codec) throws Exception {
    create("large-" + codec, Map.of());
    byte[] noise = new byte[90_000];
    new Random(7).nextBytes(noise);
    try (var producer = producer(Map.of("compression.type", codec, "enable.idempotence", "false"))) {
      producer.send(new ProducerRecord<>("large-" + codec, 0, T, bytes("noise"), noise));
      producer.send(new ProducerRecord<>("large-" + codec, 0, T + 1, bytes("zeros"), new byte[300_000]));
      producer.flush();
    }
  }

  static void nulls() throws Exception {
    create("nulls", Map.of());
    try (var producer = producer(Map.of())) {
      send(producer, "nulls", T, null, "null key");
      send(producer, "nulls", T, "", "empty key");
      send(producer, "nulls", T, "tombstone", null);
      send(producer, "nulls", T, "empty value", "");
      send(producer, "nulls", T, null, null);
      producer.flush();
    }
  }

  static void headers() throws Exception {
    create("headers", Map.of());
    try (var producer = producer(Map.of())) {
      var record = new ProducerRecord<>("headers", 0, T, bytes("k"), bytes("v"));
      Headers headers = record.headers();
      headers.add("b", bytes("first")).add("a", bytes("second")).add("b", bytes("third")).add("b", bytes("first"));
      headers.add("null", null).add("empty", new byte[0]).add("", bytes("empty key"));
      headers.add("schl\u00fcssel \u9375 \ud83d\udd11", bytes("not ascii")).add("\ufeffbom", bytes("byte order mark"));
      headers.add("binary", new byte[] {0, (byte) 0xff, (byte) 0x80, 10});
      producer.send(record);
      send(producer, "headers", T, "k", "none");
      producer.flush();
    }
  }

  static void timestamps() throws Exception {
    var free = String.valueOf(Long.MAX_VALUE);
    create("timestamps", Map.of("message.timestamp.before.max.ms", free, "message.timestamp.after.max.ms", free, "retention.ms", "-1"));
    try (var producer = producer(Map.of("enable.idempotence", "false"))) {
      long[] times = {T, T - 5, 0, T + 1_000_000_000_000L, 4_102_444_800_000L, 253_402_300_799_999L, T + (1L << 27) - 1, T + (1L << 27)};
      for (long time : times) send(producer, "timestamps", time, "k", "at " + time);
      producer.flush();
    }
  }

  static void logAppendTime() throws Exception {
    create("log-append-time", Map.of("message.timestamp.type", "LogAppendTime"));
    try (var producer = producer(Map.of("compression.type", "lz4"))) {
      for (int i = 0; i < 5; i++) send(producer, "log-append-time", T + i * 1000L, "k" + i, "v" + i);
      producer.flush();
    }
  }

  static void transactions() throws Exception {
    create("transactions", Map.of());
    try (var producer = producer(Map.of("transactional.id", "capture", "compression.type", "zstd"))) {
      producer.initTransactions();
      producer.beginTransaction();
      for (int i = 0; i < 3; i++) send(producer, "transactions", T + i, "k" + i, "committed");
      producer.commitTransaction();
      producer.beginTransaction();
      send(producer, "transactions", T, "k", "aborted");
      producer.flush();
      producer.abortTransaction();
    }
  }

  static final Map<String, String> COMPACT =
      Map.of("cleanup.policy", "compact", "segment.ms", "100", "min.cleanable.dirty.ratio", "0.0001", "min.compaction.lag.ms", "0");

  static void compactedHoles() throws Exception {
    for (String codec : List.of("none", "gzip")) {
      String topic = "compacted-" + codec;
      create(topic, COMPACT);
      try (var producer = producer(Map.of("compression.type", codec))) {
        for (int i = 0; i < 12; i++) send(producer, topic, T + i * 10L, "k" + i, "old " + i);
        producer.flush();
        for (int i : new int[] {0, 1, 4, 7, 10, 11}) send(producer, topic, T + 1000 + i, "k" + i, "new " + i);
        producer.flush();
      }
      roll(topic);
      awaitFirst(topic, batch -> batch.countOrNull() == 6);
    }
  }

  /** The last batch of a producer stays as an empty header, so that its sequence is not forgotten. */
  static void compactedEmpty() throws Exception {
    create("compacted-empty", COMPACT);
    try (var first = producer(Map.of("compression.type", "snappy")); var second = producer(Map.of())) {
      for (int i = 0; i < 4; i++) send(first, "compacted-empty", T + i, "k" + i, "old");
      first.flush();
      for (int i = 0; i < 4; i++) send(second, "compacted-empty", T + i, "k" + i, "new");
      second.flush();
    }
    roll("compacted-empty");
    awaitFirst("compacted-empty", batch -> batch.countOrNull() == 0);
  }

  static void deleteHorizon() throws Exception {
    create("delete-horizon", COMPACT);
    try (var producer = producer(Map.of())) {
      send(producer, "delete-horizon", T, "gone", "value");
      send(producer, "delete-horizon", T + 1, "stays", "value");
      send(producer, "delete-horizon", T + 2, "gone", null);
      producer.flush();
    }
    roll("delete-horizon");
    awaitFirst("delete-horizon", batch -> batch.deleteHorizonMs().isPresent());
  }

  /** Message sets that only brokers before 0.11 wrote; no broker of today does, Kafka's own classes still can. */
  static void legacy(Path out) throws Exception {
    for (byte magic = 0; magic <= 1; magic++) {
      var builder = MemoryRecords.builder(ByteBuffer.allocate(512), magic, Compression.NONE, TimestampType.CREATE_TIME, 42L);
      builder.append(T, bytes("key"), bytes("value"));
      builder.append(T, bytes("key"), bytes("value"));
      ByteBuffer buffer = builder.build().buffer();
      byte[] all = new byte[buffer.remaining()];
      buffer.get(all);
      Path dir = Files.createDirectories(out.resolve("legacy-magic-" + magic));
      Files.write(dir.resolve("batch.bin"), all);
      Files.writeString(dir.resolve("expected.json"), "{\n  \"magic\": " + magic + ",\n  \"baseOffset\": \"42\"\n}\n");
    }
  }

  static void create(String topic, Map<String, String> configs) throws Exception {
    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configs))).all().get(30, TimeUnit.SECONDS);
  }

  static KafkaProducer<byte[], byte[]> producer(Map<String, String> more) {
    Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", "60000", "batch.size", "900000"));
    config.putAll(more);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static void send(Producer<byte[], byte[]> producer, String topic, long time, String key, String value) {
    producer.send(new ProducerRecord<>(topic, 0, time, bytes(key), bytes(value)));
  }

  static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  /** The active segment is never cleaned: two more records after segment.ms close it. */
  static void roll(String topic) throws Exception {
    for (int i = 0; i < 2; i++) {
      Thread.sleep(300);
      try (var producer = producer(Map.of("enable.idempotence", "false"))) {
        send(producer, topic, System.currentTimeMillis(), "roll-" + i, "x");
      }
    }
  }

  static void awaitFirst(String topic, Predicate<DefaultRecordBatch> done) throws Exception {
    Path log = logDir.resolve(topic + "-0").resolve("00000000000000000000.log");
    for (int attempt = 0; attempt < 600; attempt++) {
      Thread.sleep(100);
      byte[] all;
      try {
        all = Files.readAllBytes(log);
      } catch (java.nio.file.NoSuchFileException replaced) {
        continue; // the cleaner swaps the file; the next round sees the new one
      }
      var batches = MemoryRecords.readableRecords(ByteBuffer.wrap(all)).batches().iterator();
      if (batches.hasNext() && done.test((DefaultRecordBatch) batches.next())) return;
    }
    throw new IllegalStateException("compaction of " + topic + " did not come");
  }
}
