import java.util.Map;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.server.policy.CreateTopicPolicy;

/** As some managed services: no endless retention, no choice of compression, no topic with a name that starts with "forbidden". */
public class ForbiddingPolicy implements CreateTopicPolicy {
  @Override
  public void validate(RequestMetadata topic) {
    if (topic.topic().startsWith("forbidden")) throw new PolicyViolationException("that name is taken");
    Map<String, String> configs = topic.configs();
    if ("-1".equals(configs.get("retention.ms"))) throw new PolicyViolationException("retention.ms must have an end");
    if (configs.containsKey("compression.type")) throw new PolicyViolationException("compression.type is ours");
  }

  @Override
  public void configure(Map<String, ?> configs) {}

  @Override
  public void close() {}
}
