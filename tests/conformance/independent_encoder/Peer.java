// A second implementation of seals, over BouncyCastle's ASN.1 and signatures, that shares no line with the hub's: it makes
// good files and files with just one fault for the hub to judge, and judges the hub's files itself.
//
//   java -cp bcprov.jar:bcpkix.jar:bcutil.jar Peer.java make DIR      one folder a family, cases.tsv in each
//   java -cp …                                Peer.java judge DIR     prints "<file>\tok" or "<file>\t<what is wrong>"
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.*;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.crypto.params.ParametersWithID;
import org.bouncycastle.crypto.signers.SM2Signer;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.DigestCalculator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.*;
import org.bouncycastle.util.CollectionStore;

public final class Peer {
  static final Date FROM = date("2025-01-01T00:00:00Z"), TO = date("2027-01-01T00:00:00Z");
  static final Date SEALED = date("2025-11-03T01:00:00Z"), NOW = date("2025-11-05T01:00:00Z");
  static final byte[] PAYLOAD = "{\"amount\":\"5000000\",\"peer\":\"independent\"}".getBytes(StandardCharsets.UTF_8);

  static Date date(String text) { return Date.from(Instant.parse(text)); }
  static Date plus(Date date, long seconds) { return new Date(date.getTime() + seconds * 1000); }

  /** One algorithm family: curve, signature and hash go together. */
  enum Family {
    SM2("sm2", "sm2p256v1", "SM3withSM2", "SM3", "1.2.156.10197.1.501", "1.2.156.10197.1.401"),
    P256("p256", "secp256r1", "SHA256withECDSA", "SHA-256", "1.2.840.10045.4.3.2", "2.16.840.1.101.3.4.2.1");
    final String name, curve, signature, hash, oid, hashOid;
    Family(String name, String curve, String signature, String hash, String oid, String hashOid) {
      this.name = name;
      this.curve = curve;
      this.signature = signature;
      this.hash = hash;
      this.oid = oid;
      this.hashOid = hashOid;
    }
    Family other() { return this == SM2 ? P256 : SM2; }
    byte[] hash(byte[] data) throws Exception { return MessageDigest.getInstance(hash, "BC").digest(data); }
    KeyPair newKey() throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
      generator.initialize(new ECGenParameterSpec(curve), new SecureRandom());
      return generator.generateKeyPair();
    }
    byte[] sign(PrivateKey key, byte[] data) throws Exception {
      Signature signer = Signature.getInstance(signature, "BC");
      signer.initSign(key);
      signer.update(data);
      return signer.sign();
    }
    boolean verify(PublicKey key, byte[] data, byte[] value) throws Exception {
      Signature verifier = Signature.getInstance(signature, "BC");
      verifier.initVerify(key);
      verifier.update(data);
      return verifier.verify(value);
    }
  }

  enum Role { ROOT, MIDDLE, SEAL, TIME, ENCRYPTION }

  record Party(KeyPair keys, X509CertificateHolder certificate) {
    byte[] der() throws Exception { return certificate.getEncoded(); }
  }

  static Party issue(Family family, Party issuer, String name, Role role, Date from, Date to) throws Exception {
    KeyPair keys = family.newKey();
    X500Name subject = new X500Name("C=CN,O=Independent,CN=" + name);
    X500Name issued = issuer == null ? subject : issuer.certificate.getSubject();
    BigInteger serial = new BigInteger(120, new SecureRandom()).setBit(119);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(issued, serial, from, to, subject, keys.getPublic());
    JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
    builder.addExtension(Extension.subjectKeyIdentifier, false, utils.createSubjectKeyIdentifier(keys.getPublic()));
    if (issuer != null) {
      builder.addExtension(Extension.authorityKeyIdentifier, false,
          utils.createAuthorityKeyIdentifier(issuer.certificate.getSubjectPublicKeyInfo()));
    }
    boolean authority = role == Role.ROOT || role == Role.MIDDLE;
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    int usage = authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign
        : role == Role.ENCRYPTION ? KeyUsage.keyEncipherment : KeyUsage.digitalSignature | KeyUsage.nonRepudiation;
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
    if (role == Role.TIME) {
      builder.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(KeyPurposeId.id_kp_timeStamping));
    }
    PrivateKey key = issuer == null ? keys.getPrivate() : issuer.keys.getPrivate();
    return new Party(keys, builder.build(new JcaContentSignerBuilder(family.signature).setProvider("BC").build(key)));
  }

  static byte[] revocationList(Family family, Party issuer, Party revoked, Date since) throws Exception {
    X509v2CRLBuilder builder = new X509v2CRLBuilder(issuer.certificate.getSubject(), FROM);
    builder.setNextUpdate(TO);
    if (revoked != null) builder.addCRLEntry(revoked.certificate.getSerialNumber(), since, 0);
    return builder.build(new JcaContentSignerBuilder(family.signature).setProvider("BC").build(issuer.keys.getPrivate()))
        .getEncoded();
  }

  static byte[] token(Family family, Party authority, byte[] stamped, Date time) throws Exception {
    TimeStampRequestGenerator asks = new TimeStampRequestGenerator();
    asks.setCertReq(true);
    TimeStampRequest request = asks.generate(new ASN1ObjectIdentifier(family.hashOid), family.hash(stamped),
        BigInteger.valueOf(77));
    DigestCalculator hash = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()
        .get(new AlgorithmIdentifier(new ASN1ObjectIdentifier(Family.P256.hashOid)));
    TimeStampTokenGenerator generator = new TimeStampTokenGenerator(
        new JcaSimpleSignerInfoGeneratorBuilder().setProvider("BC")
            .build(family.signature, authority.keys.getPrivate(), authority.certificate),
        hash, new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.2"));
    generator.addCertificates(new CollectionStore<>(List.of(authority.certificate)));
    return generator.generate(request, BigInteger.valueOf(4711), time).toCMSSignedData().getEncoded("DER");
  }

  /** Everything that can be chosen about a file; each case changes what it is about. */
  static final class File {
    final Family family;
    Party maker, signer, listed;
    int version = 4, sealVersion = 4, listType = 2;
    boolean emptyList, utcTime, twoElements, indefinite, berLength, hashWithZ;
    String id = "ES", oid, sealOid, info = "urn:independent:all";
    byte[] payload = PAYLOAD;
    Date created = FROM, validFrom = FROM, validTo = TO, signedAt = SEALED;
    ASN1Encodable extension;           // In toSign.extDatas.
    byte[] sealValue, value, stamp, sealStamp;
    PrivateKey signingKey;
    byte[] sm2Id;
    int stampTag = 1;                  // 1 explicit, 0 implicit, -1 none
    byte[] behind = new byte[0];

    File(Family family, Party maker, Party signer) {
      this.family = family;
      this.maker = maker;
      this.signer = listed = signer;
      oid = sealOid = family.oid;
    }

    ASN1Primitive time(Date date) { return utcTime ? new DERUTCTime(date) : new DERGeneralizedTime(date); }

    ASN1Encodable info() throws Exception {
      ASN1Encodable item = listType == 1 ? new DEROctetString(listed.der())
          : new DERSequence(new ASN1Encodable[] {new DERPrintableString(family == Family.SM2 ? "SM3" : "SHA256"),
              new DEROctetString(family.hash(listed.der()))});
      ASN1EncodableVector list = new ASN1EncodableVector();
      if (!emptyList) list.add(item);
      byte[] picture = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".getBytes(StandardCharsets.UTF_8);
      return new DERSequence(new ASN1Encodable[] {
          new DERSequence(new ASN1Encodable[] {new DERIA5String(id), new ASN1Integer(sealVersion),
              new DERIA5String("INDEPENDENT")}),
          new DERIA5String("SEAL-PEER-1"),
          new DERSequence(new ASN1Encodable[] {new ASN1Integer(1), new DERUTF8String("独立实现印章"),
              new ASN1Integer(listType), new DERSequence(list), time(created), time(validFrom), time(validTo)}),
          new DERSequence(new ASN1Encodable[] {new DERIA5String("SVG"), new DEROctetString(picture),
              new ASN1Integer(40), new ASN1Integer(40)})});
    }

    ASN1Encodable seal() throws Exception {
      ASN1Encodable info = info();
      byte[] signed = sealValue != null ? sealValue
          : family.sign(maker.keys.getPrivate(), info.toASN1Primitive().getEncoded("DER"));
      ASN1EncodableVector fields = new ASN1EncodableVector();
      fields.add(info);
      fields.add(new DEROctetString(maker.der()));
      fields.add(new ASN1ObjectIdentifier(sealOid));
      fields.add(new DERBitString(signed));
      if (sealStamp != null) fields.add(new DERTaggedObject(true, 0, new DERBitString(sealStamp)));
      return new DERSequence(fields);
    }

    byte[] sign(byte[] data) throws Exception {
      if (value != null) return value;
      PrivateKey key = signingKey != null ? signingKey : signer.keys.getPrivate();
      if (sm2Id == null) return family.sign(key, data);
      SM2Signer other = new SM2Signer();
      other.init(true, new ParametersWithID(PrivateKeyFactory.createKey(key.getEncoded()), sm2Id));
      other.update(data, 0, data.length);
      return other.generateSignature();
    }

    // The habit of hashing the payload as a signature does, with Z_A before it.
    byte[] payloadHash() throws Exception {
      if (!hashWithZ) return family.hash(payload);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.write(family.hash(signer.certificate.getSubjectPublicKeyInfo().getEncoded()));
      all.write(payload);
      return family.hash(all.toByteArray());
    }

    byte[] encoded() throws Exception {
      ASN1EncodableVector fields = new ASN1EncodableVector();
      fields.add(new ASN1Integer(version));
      fields.add(seal());
      fields.add(time(signedAt));
      fields.add(new DERBitString(payloadHash()));
      fields.add(new DERIA5String(info));
      if (extension != null) fields.add(new DERTaggedObject(true, 0, new DERSequence(extension)));
      ASN1Encodable toSign = new DERSequence(fields);
      byte[] signed = sign(toSign.toASN1Primitive().getEncoded("DER"));
      ASN1EncodableVector outer = new ASN1EncodableVector();
      outer.add(toSign);
      if (!twoElements) {
        outer.add(new DEROctetString(signer.der()));
        outer.add(new ASN1ObjectIdentifier(oid));
      }
      outer.add(new DERBitString(signed));
      if (stamp != null && stampTag == 1) outer.add(new DERTaggedObject(true, 0, new DERBitString(stamp)));
      if (stamp != null && stampTag == 0) outer.add(new DERTaggedObject(false, 0, new DERBitString(stamp)));
      if (stamp != null && stampTag == -1) outer.add(new DERBitString(stamp));
      byte[] whole = indefinite ? new BERSequence(outer).getEncoded() : new DERSequence(outer).getEncoded("DER");
      if (berLength) {  // The same octets behind a length of four octets in the place of two.
        byte[] longer = new byte[whole.length + 2];
        longer[0] = 0x30;
        longer[1] = (byte) 0x84;
        longer[4] = whole[2];
        longer[5] = whole[3];
        System.arraycopy(whole, 4, longer, 6, whole.length - 4);
        whole = longer;
      }
      byte[] all = Arrays.copyOf(whole, whole.length + behind.length);
      System.arraycopy(behind, 0, all, whole.length, behind.length);
      return all;
    }
  }

  interface Change { void to(File file) throws Exception; }

  static void make(Path folder, Family family) throws Exception {
    Files.createDirectories(folder);
    Party root = issue(family, null, "根", Role.ROOT, FROM, TO);
    Party middle = issue(family, root, "运营", Role.MIDDLE, FROM, TO);
    Party maker = issue(family, middle, "制章中心", Role.SEAL, FROM, TO);
    Party signer = issue(family, middle, "签章人", Role.SEAL, FROM, TO);
    Party other = issue(family, middle, "别人", Role.SEAL, FROM, TO);
    Party early = issue(family, middle, "先前", Role.SEAL, FROM, plus(SEALED, -3600));
    Party late = issue(family, middle, "后来", Role.SEAL, plus(FROM, 86400), TO);
    Party encrypting = issue(family, middle, "只加密", Role.ENCRYPTION, FROM, TO);
    Party revoked = issue(family, middle, "已吊销", Role.SEAL, FROM, TO);
    Party time = issue(family, middle, "时间戳", Role.TIME, FROM, TO);
    Party strangeRoot = issue(family, null, "根", Role.ROOT, FROM, TO);
    Party strangeMiddle = issue(family, strangeRoot, "运营", Role.MIDDLE, FROM, TO);
    Party stranger = issue(family, strangeMiddle, "签章人", Role.SEAL, FROM, TO);
    Files.write(folder.resolve("root.crt"), root.der());
    Files.write(folder.resolve("middle.crt"), middle.der());
    Files.write(folder.resolve("root.crl"), revocationList(family, root, null, null));
    Files.write(folder.resolve("middle.crl"), revocationList(family, middle, revoked, SEALED));
    Files.write(folder.resolve("payload"), PAYLOAD);

    StringBuilder cases = new StringBuilder();
    class Cases {
      void add(String name, int code, Change change) throws Exception {
        File file = new File(family, maker, signer);
        change.to(file);
        Files.write(folder.resolve(name + ".ses"), file.encoded());
        cases.append(name).append('\t').append(code).append('\n');
      }
      byte[] value(File file) throws Exception {  // Signature values have chance in them: fix it, then stamp it.
        file.value = null;
        if (file.sealValue == null) {
          file.sealValue = family.sign(file.maker.keys.getPrivate(), file.info().toASN1Primitive().getEncoded("DER"));
        }
        ASN1Sequence made = ASN1Sequence.getInstance(file.encoded());
        file.value = file.sign(made.getObjectAt(0).toASN1Primitive().getEncoded("DER"));
        return file.value;
      }
    }
    Cases make = new Cases();
    Change asVersion5 = f -> f.version = f.sealVersion = 5;
    ASN1ObjectIdentifier unknown = new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1.1");
    DEROctetString trace = new DEROctetString("trace-42".getBytes(StandardCharsets.US_ASCII));

    make.add("good", 0, f -> {});
    make.add("good_list_of_certificates", 0, f -> f.listType = 1);
    make.add("good_version_5", 0, asVersion5);
    make.add("good_extension", 0, f -> f.extension = new DERSequence(new ASN1Encodable[] {unknown, trace}));
    make.add("good_explicit_false", 0,
        f -> f.extension = new DERSequence(new ASN1Encodable[] {unknown, ASN1Boolean.FALSE, trace}));
    make.add("good_critical_extension", 0,
        f -> f.extension = new DERSequence(new ASN1Encodable[] {unknown, ASN1Boolean.TRUE, trace}));
    make.add("good_revoked_later", 0, f -> {
      f.signer = f.listed = revoked;
      f.signedAt = plus(SEALED, -1);
    });
    make.add("good_time_stamp", 0, f -> f.stamp = token(family, time, make.value(f), SEALED));
    make.add("good_version_5_both_time_stamps", 0, f -> {
      asVersion5.to(f);
      f.sealValue = family.sign(maker.keys.getPrivate(), f.info().toASN1Primitive().getEncoded("DER"));
      f.sealStamp = token(family, time, f.sealValue, plus(FROM, 60));
      f.stamp = token(family, time, make.value(f), plus(SEALED, 5));
    });

    make.add("trailing_octet", 1, f -> f.behind = new byte[1]);
    make.add("indefinite_length", 1, f -> f.indefinite = true);
    make.add("long_form_length", 1, f -> f.berLength = true);
    make.add("two_elements", 1, f -> f.twoElements = true);
    make.add("utc_time", 1, f -> f.utcTime = true);
    make.add("version_3", 1, f -> f.version = f.sealVersion = 3);
    make.add("two_versions", 1, f -> f.version = 5);
    make.add("id", 1, f -> f.id = "EX");
    make.add("list_type_3", 1, f -> f.listType = 3);
    make.add("empty_list", 1, f -> f.emptyList = true);
    make.add("ends_before_it_begins", 1, f -> f.validTo = plus(FROM, -1));
    make.add("implicit_time_stamp", 1, f -> {
      f.stamp = token(family, time, make.value(f), SEALED);
      f.stampTag = 0;
    });
    make.add("untagged_time_stamp", 1, f -> {
      f.stamp = token(family, time, make.value(f), SEALED);
      f.stampTag = -1;
    });
    make.add("version_4_with_seal_time_stamp", 1, f -> f.sealStamp = token(family, time, PAYLOAD, SEALED));
    make.add("unknown_oid", 2, f -> f.oid = "1.2.156.10197.1.502");
    make.add("other_family", 2, f -> f.oid = family.other().oid);
    make.add("seal_of_other_family", 2, f -> f.sealOid = family.other().oid);
    make.add("raw_r_s", 3, f -> f.value = new byte[64]);
    make.add("another_key", 3, f -> f.signingKey = other.keys.getPrivate());
    if (family == Family.SM2) {
      make.add("empty_sm2_id", 3, f -> f.sm2Id = new byte[0]);
      make.add("other_sm2_id", 3, f -> f.sm2Id = "8765432187654321".getBytes(StandardCharsets.US_ASCII));
    }
    make.add("not_listed", 4, f -> f.signer = other);
    make.add("not_listed_by_certificate", 4, f -> {
      f.listType = 1;
      f.signer = other;
    });
    make.add("seal_value", 5, f -> f.sealValue = family.sign(maker.keys.getPrivate(), PAYLOAD));
    make.add("seal_resigned_by_a_stranger", 6, f -> f.maker = stranger);
    make.add("maker_key_usage", 6, f -> f.maker = encrypting);
    make.add("maker_not_yet_certified", 6, f -> f.maker = late);
    make.add("seal_over", 7, f -> f.validTo = plus(SEALED, -1));
    make.add("seal_not_begun", 7, f -> f.validFrom = plus(SEALED, 1));
    make.add("root_of_the_same_name", 8, f -> f.signer = f.listed = stranger);
    make.add("signer_key_usage", 8, f -> f.signer = f.listed = encrypting);
    make.add("signer_over", 9, f -> f.signer = f.listed = early);
    make.add("future", 9, f -> f.signedAt = plus(NOW, 3600));
    make.add("revoked", 10, f -> f.signer = f.listed = revoked);
    make.add("payload", 11, f -> f.payload = "other".getBytes(StandardCharsets.US_ASCII));
    make.add("payload_hashed_with_z", 11, f -> f.hashWithZ = true);
    make.add("time_stamp_of_something_else", 12, f -> f.stamp = token(family, time, PAYLOAD, SEALED));
    make.add("time_stamp_garbage", 12, f -> f.stamp = PAYLOAD);
    make.add("time_stamp_before", 12, f -> f.stamp = token(family, time, make.value(f), plus(SEALED, -60)));
    make.add("seal_time_stamp_before", 12, f -> {
      asVersion5.to(f);
      f.sealValue = family.sign(maker.keys.getPrivate(), f.info().toASN1Primitive().getEncoded("DER"));
      f.sealStamp = token(family, time, f.sealValue, plus(FROM, -60));
    });
    Files.writeString(folder.resolve("cases.tsv"), cases.toString());
  }

  // ---- judging files of others ----

  static X509Certificate certificate(byte[] der) throws Exception {
    return (X509Certificate) CertificateFactory.getInstance("X.509", "BC")
        .generateCertificate(new ByteArrayInputStream(der));
  }

  static String judge(byte[] file, byte[] payload, X509Certificate root) throws Exception {
    ASN1Primitive parsed;
    try {
      parsed = ASN1Primitive.fromByteArray(file);  // Refuses octets behind the end.
    } catch (Exception e) {
      return "not ASN.1";
    }
    if (!Arrays.equals(parsed.getEncoded("DER"), file)) return "not DER";
    ASN1Sequence signature = ASN1Sequence.getInstance(parsed);
    if (signature.size() < 4 || signature.size() > 5) return "structure";
    ASN1Sequence toSign = ASN1Sequence.getInstance(signature.getObjectAt(0));
    ASN1Sequence seal = ASN1Sequence.getInstance(toSign.getObjectAt(1));
    ASN1Sequence info = ASN1Sequence.getInstance(seal.getObjectAt(0));
    ASN1Sequence header = ASN1Sequence.getInstance(info.getObjectAt(0));
    ASN1Sequence property = ASN1Sequence.getInstance(info.getObjectAt(2));
    if (!ASN1IA5String.getInstance(header.getObjectAt(0)).getString().equals("ES")) return "header.ID";
    if (!header.getObjectAt(1).equals(toSign.getObjectAt(0))) return "versions";
    byte[] signerDer = ASN1OctetString.getInstance(signature.getObjectAt(1)).getOctets();
    X509Certificate signer = certificate(signerDer);
    X509Certificate maker = certificate(ASN1OctetString.getInstance(seal.getObjectAt(1)).getOctets());
    String oid = ASN1ObjectIdentifier.getInstance(signature.getObjectAt(2)).getId();
    Family family = oid.equals(Family.SM2.oid) ? Family.SM2 : oid.equals(Family.P256.oid) ? Family.P256 : null;
    if (family == null || !ASN1ObjectIdentifier.getInstance(seal.getObjectAt(2)).getId().equals(oid)) return "algorithm";
    byte[] value = ASN1BitString.getInstance(signature.getObjectAt(3)).getOctets();
    if (!family.verify(signer.getPublicKey(), toSign.getEncoded("DER"), value)) return "signature value";
    byte[] sealValue = ASN1BitString.getInstance(seal.getObjectAt(3)).getOctets();
    if (!family.verify(maker.getPublicKey(), info.getEncoded("DER"), sealValue)) return "seal's signature value";
    boolean whole = ASN1Integer.getInstance(property.getObjectAt(2)).intValueExact() == 1;
    boolean listed = false;
    for (ASN1Encodable item : ASN1Sequence.getInstance(property.getObjectAt(3))) {
      byte[] listedOctets = whole ? ASN1OctetString.getInstance(item).getOctets()
          : ASN1OctetString.getInstance(ASN1Sequence.getInstance(item).getObjectAt(1)).getOctets();
      listed |= Arrays.equals(listedOctets, whole ? signerDer : family.hash(signerDer));
    }
    if (!listed) return "not listed";
    for (X509Certificate one : List.of(signer, maker)) {
      try {
        one.verify(root.getPublicKey(), "BC");
      } catch (Exception e) {
        return "certificate";
      }
    }
    Date signedAt = ASN1GeneralizedTime.getInstance(toSign.getObjectAt(2)).getDate();
    if (signedAt.before(ASN1GeneralizedTime.getInstance(property.getObjectAt(5)).getDate())
        || signedAt.after(ASN1GeneralizedTime.getInstance(property.getObjectAt(6)).getDate())) return "seal over";
    signer.checkValidity(signedAt);
    if (!Arrays.equals(ASN1BitString.getInstance(toSign.getObjectAt(3)).getOctets(), family.hash(payload))) return "payload";
    String fault = judgeStamp(signature, 4, value, root);
    return fault != null ? fault : judgeStamp(seal, 4, sealValue, root);
  }

  static String judgeStamp(ASN1Sequence from, int at, byte[] stamped, X509Certificate root) throws Exception {
    if (from.size() <= at) return null;
    ASN1TaggedObject tagged = ASN1TaggedObject.getInstance(from.getObjectAt(at));
    byte[] der = ASN1BitString.getInstance(tagged, true).getOctets();
    TimeStampToken token = new TimeStampToken(new CMSSignedData(der));
    X509CertificateHolder authority =
        (X509CertificateHolder) token.getCertificates().getMatches(token.getSID()).iterator().next();
    token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(authority));
    certificate(authority.getEncoded()).verify(root.getPublicKey(), "BC");
    String hash = token.getTimeStampInfo().getMessageImprintAlgOID().getId();
    Family family = hash.equals(Family.SM2.hashOid) ? Family.SM2 : Family.P256;
    return Arrays.equals(token.getTimeStampInfo().getMessageImprintDigest(), family.hash(stamped)) ? null
        : "time-stamp of something else";
  }

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    Path folder = Path.of(arguments[1]);
    if (arguments[0].equals("make")) {
      for (Family family : Family.values()) make(folder.resolve(family.name), family);
      return;
    }
    X509Certificate root = certificate(Files.readAllBytes(folder.resolve("root.crt")));
    byte[] payload = Files.readAllBytes(folder.resolve("payload"));
    List<Path> files = new ArrayList<>();
    try (var all = Files.list(folder)) {
      all.filter(p -> p.toString().endsWith(".ses")).sorted().forEach(files::add);
    }
    for (Path file : files) {
      String fault;
      try {
        fault = judge(Files.readAllBytes(file), payload, root);
      } catch (Exception e) {
        fault = e.getClass().getSimpleName();
      }
      System.out.println(file.getFileName() + "\t" + (fault == null ? "ok" : fault));
    }
  }
}
