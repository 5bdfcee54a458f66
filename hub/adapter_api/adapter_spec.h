// What an adapter declares about itself, once: read by the catalogue, the scheduler, the conformance suite and the
// docs.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "adapter_api/adapter.h"
#include "base/assert.h"
#include "platform/config/config.h"

namespace zhida {

/// The declaration of one adapter (docs/adding_a_source.md). Built as a chain:
///
///     return AdapterSpec{"tax", "税务"}
///         .emits("tax.registration", 1)
///         .pulls_one()
///         .configured_by<TaxConfig>()
///         .made_by(&TaxAdapter::create)
///         .decodes(&decode_sample);
class AdapterSpec {
 public:
  /// A record type, and the version of its columns.
  struct RecordType {
    std::string name;
    int version = 1;
  };
  using Configuration = std::shared_ptr<ConfigSpec>;
  using Make = std::function<Result<std::unique_ptr<Adapter>>(const ConfigSpec&, AdapterContext&)>;
  using Decode = std::function<Result<SourceBatch>(std::string_view name, ByteView content)>;

  /// `name` is the folder, the namespace and SourceRecord::source; `title` is what people call the system.
  AdapterSpec(std::string name, std::string title) : name_(std::move(name)), title_(std::move(title)) {}

  /// The adapter delivers rows of this type; `version` counts changes of the columns. Its mapping is
  /// mappings/<name>/<what stands behind the dot>.yaml.
  AdapterSpec& emits(std::string record_type, int version) {
    record_types_.push_back({std::move(record_type), version});
    return *this;
  }
  /// The system pushes sealed messages to this AMQP address of the hub; the hub calls Adapter::decode() with each.
  AdapterSpec& pushes(std::string address) {
    pushed_.push_back(std::move(address));
    return *this;
  }
  /// Outbox rows for this address are carried by Adapter::send().
  AdapterSpec& carries(std::string address) {
    carried_.push_back(std::move(address));
    return *this;
  }
  /// pull() can fetch a single firm at once (the re-check before payment).
  AdapterSpec& pulls_one() {
    pulls_one_ = true;
    return *this;
  }
  /// Files handed in through REST take the same way as dropped ones: the suite and the upload route use decodes().
  AdapterSpec& takes_uploads() {
    takes_uploads_ = true;
    return *this;
  }

  template <class C>
  AdapterSpec& configured_by() {
    configure_ = [] { return Configuration(std::make_shared<C>()); };
    configuration_type_ = &typeid(C);
    return *this;
  }
  template <class C>
  AdapterSpec& made_by(Result<std::unique_ptr<Adapter>> (*create)(const C&, AdapterContext&)) {
    ZHIDA_ASSERT(configuration_type_ != nullptr && *configuration_type_ == typeid(C));
    make_ = [create](const ConfigSpec& config, AdapterContext& context) {
      return create(static_cast<const C&>(config), context);
    };
    return *this;
  }
  /// The pure way from octets of this system (one page, file, package or message body; `name` is the file's name) to a
  /// batch: what fixtures/ prove, what the fuzzer feeds and what an upload takes.
  AdapterSpec& decodes(Decode decode) {
    decode_ = std::move(decode);
    return *this;
  }

  const std::string& name() const { return name_; }
  const std::string& title() const { return title_; }
  const std::vector<RecordType>& record_types() const { return record_types_; }
  const std::vector<std::string>& pushed_addresses() const { return pushed_; }
  const std::vector<std::string>& carried_addresses() const { return carried_; }
  bool can_pull_one() const { return pulls_one_; }
  bool accepts_uploads() const { return takes_uploads_; }
  bool emits_type(std::string_view record_type) const {
    for (const auto& type : record_types_)
      if (type.name == record_type) return true;
    return false;
  }
  /// An empty configuration to be read from YAML, checked and handed to make(). Null where the adapter has none.
  Configuration new_configuration() const { return configure_ ? configure_() : nullptr; }
  /// `config` comes from new_configuration() of this spec.
  Result<std::unique_ptr<Adapter>> make(const ConfigSpec& config, AdapterContext& context) const {
    return make_(config, context);
  }
  Result<SourceBatch> decode(std::string_view sample_name, ByteView content) const {
    if (!decode_) return refuse("nothing_to_decode", "The adapter " + name_ + " reads no octets of its own.");
    return decode_(sample_name, content);
  }
  bool has_decode() const { return static_cast<bool>(decode_); }

 private:
  std::string name_, title_;
  std::vector<RecordType> record_types_;
  std::vector<std::string> pushed_, carried_;
  bool pulls_one_ = false, takes_uploads_ = false;
  std::function<Configuration()> configure_;
  const std::type_info* configuration_type_ = nullptr;
  Make make_;
  Decode decode_;
};

}  // namespace zhida
