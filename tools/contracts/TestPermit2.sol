// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Moves tokens for their owners' signatures, for test chains: the part of Permit2's interface that a payment by x402
/// needs, with its EIP-712 types, nonces and errors. Own work.
interface IToken { function transferFrom(address from, address to, uint256 value) external returns (bool); }
interface IContractWallet { function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4); }

contract TestPermit2 {
    struct TokenPermissions { address token; uint256 amount; }
    struct PermitTransferFrom { TokenPermissions permitted; uint256 nonce; uint256 deadline; }
    struct SignatureTransferDetails { address to; uint256 requestedAmount; }

    event UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask);

    error InvalidAmount(uint256 maxAmount);
    error InvalidContractSignature();
    error InvalidNonce();
    error InvalidSignature();
    error InvalidSignatureLength();
    error InvalidSigner();
    error SignatureExpired(uint256 signatureDeadline);

    /// 256 nonces of an owner in one word: the word is the nonce without its last eight bits, which say the bit.
    mapping(address => mapping(uint256 => uint256)) public nonceBitmap;

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        bytes32 domainType = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(domainType, keccak256("Permit2"), block.chainid, address(this)));
    }

    function invalidateUnorderedNonces(uint256 wordPos, uint256 mask) external {
        nonceBitmap[msg.sender][wordPos] |= mask;
        emit UnorderedNonceInvalidation(msg.sender, wordPos, mask);
    }

    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata details,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external {
        if (block.timestamp > permit.deadline) revert SignatureExpired(permit.deadline);
        if (details.requestedAmount > permit.permitted.amount) revert InvalidAmount(permit.permitted.amount);
        _useNonce(owner, permit.nonce);
        _checkSigner(owner, _hash(permit, witness, witnessTypeString), signature);
        (bool called, bytes memory answer) =
            permit.permitted.token.call(abi.encodeCall(IToken.transferFrom, (owner, details.to, details.requestedAmount)));
        // A token that answers nothing has moved what it was asked to.
        require(called && (answer.length == 0 || abi.decode(answer, (bool))), "TRANSFER_FROM_FAILED");
    }

    function _useNonce(address owner, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 word = nonceBitmap[owner][nonce >> 8];
        if (word & bit != 0) revert InvalidNonce();
        nonceBitmap[owner][nonce >> 8] = word | bit;
    }

    function _hash(PermitTransferFrom calldata permit, bytes32 witness, string calldata witnessTypeString) private view returns (bytes32) {
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), permit.permitted.token, permit.permitted.amount)
        );
        bytes32 permitType = keccak256(
            abi.encodePacked(
                "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,",
                witnessTypeString
            )
        );
        bytes32 message = keccak256(abi.encode(permitType, permitted, msg.sender, permit.nonce, permit.deadline, witness));
        return keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), message));
    }

    function _checkSigner(address owner, bytes32 hash, bytes calldata signature) private view {
        if (owner.code.length > 0) {
            bytes4 magic = IContractWallet(owner).isValidSignature(hash, signature);
            if (magic != IContractWallet.isValidSignature.selector) revert InvalidContractSignature();
            return;
        }
        if (signature.length != 65) revert InvalidSignatureLength();
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        if (signer == address(0)) revert InvalidSignature();
        if (signer != owner) revert InvalidSigner();
    }
}
